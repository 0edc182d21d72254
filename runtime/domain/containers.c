/* Looking into maps of built-in types: from the end, because the last of equal keys wins. */
#include <aegis/base.h>

#include <string.h>

#define MAP_GET(name, type)                                                                                  \
    type const *aegis_##name##_map_get(const aegis_##name##_map *map, const char *key)                       \
    {                                                                                                        \
        size_t i = map->count;                                                                               \
        while (i-- > 0)                                                                                      \
            if (strcmp(map->entries[i].key, key) == 0)                                                       \
                return &map->entries[i].value;                                                               \
        return NULL;                                                                                         \
    }

MAP_GET(bool, bool)
MAP_GET(i8, int8_t)
MAP_GET(i16, int16_t)
MAP_GET(i32, int32_t)
MAP_GET(i64, int64_t)
MAP_GET(u8, uint8_t)
MAP_GET(u16, uint16_t)
MAP_GET(u32, uint32_t)
MAP_GET(u64, uint64_t)
MAP_GET(f32, float)
MAP_GET(f64, double)
MAP_GET(string, const char *)
MAP_GET(bytes, aegis_bytes)
MAP_GET(timestamp, aegis_timestamp)
MAP_GET(duration, aegis_duration)
MAP_GET(uuid, aegis_uuid)
MAP_GET(any, aegis_any)
MAP_GET(raw, aegis_raw)
