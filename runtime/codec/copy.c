/* Deep copies: what generated `_copy` functions do with the pointers in a value they have copied as it is. */
#include <aegis/any.h>
#include <aegis/generated.h>

#include <string.h>

void *aegis_copy_array(aegis_arena *arena, const void *items, size_t count, size_t size)
{
    void *copy = count > SIZE_MAX / size ? NULL : aegis_arena_alloc(arena, count * size);

    if (copy != NULL && count != 0)
        memcpy(copy, items, count * size);
    return copy;
}

bool aegis_copy_string(aegis_arena *arena, const char **text)
{
    if (*text == NULL)
        return true;
    *text = aegis_arena_strdup(arena, *text);
    return *text != NULL;
}

bool aegis_copy_bytes(aegis_arena *arena, aegis_bytes *bytes)
{
    if (bytes->len == 0)
        return true;
    bytes->data = (const uint8_t *)aegis_copy_array(arena, bytes->data, bytes->len, 1);
    return bytes->data != NULL;
}

bool aegis_copy_raw(aegis_arena *arena, aegis_raw *raw)
{
    return aegis_copy_bytes(arena, &raw->data);
}

bool aegis_copy_any(aegis_arena *arena, aegis_any *any)
{
    *any = aegis_any_copy(*any, arena);
    return any->object != NULL;
}
