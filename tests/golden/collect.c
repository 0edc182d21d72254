/* See collect.h. Names belong to the arena of the emitter, texts to the collection. */
#include "golden/collect.h"

#include <stdlib.h>
#include <string.h>

static bool begin(void *user, const char *name)
{
    collection *c = (collection *)user;

    c->complete = false;
    c->files[c->count++].name = name;
    return true;
}

static bool write(void *user, const char *data, size_t size)
{
    collection *c = (collection *)user;
    collected_file *file = &c->files[c->count - 1];
    char *grown = (char *)realloc(file->data, file->size + size + 1);

    if (grown == NULL)
        return false;
    file->data = grown;
    memcpy(file->data + file->size, data, size);
    file->size += size;
    file->data[file->size] = '\0';
    return true;
}

static bool end(void *user)
{
    collection *c = (collection *)user;

    c->complete = c->count == EMIT_FILES;
    return true;
}

emit_sink collection_sink(collection *c)
{
    return (emit_sink){begin, write, end, c};
}

void collection_free(collection *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->files[i].data);
    memset(c, 0, sizeof *c);
}
