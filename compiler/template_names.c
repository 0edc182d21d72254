/* The names of all views that a template can meet, numbered once before the first template is parsed. Then a
 * misspelt name is found where it stands, whether shown or not, and rendering looks members up by number.
 */
#include "template_parse.h"

#include <string.h>

static int find_name(const template_names *names, const char *name, size_t length)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->names[i][0] == *name && strncmp(names->names[i], name, length) == 0 &&
            names->names[i][length] == '\0')
            return (int)i;
    return NAME_UNKNOWN;
}

int template_name(const template_names *names, const char *name, size_t length)
{
    static const char *const own[] = {".", "@first", "@last", "@index"};

    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strlen(own[i]) == length && memcmp(own[i], name, length) == 0)
            return NAME_ITEM - (int)i;
    return find_name(names, name, length);
}

/* A shape and those it contains, each once. False without memory. */
static bool add_shape(arena *memory, template_names *names, const shape *is, const bound_shape **added)
{
    bound_shape *made;

    for (made = names->shapes; made != NULL; made = made->next)
        if (made->is == is)
            break;
    if (made == NULL) {
        made = arena_new(memory, bound_shape);
        if (made == NULL)
            return false;
        made->is = is;
        made->next = names->shapes;
        names->shapes = made;
        made->members = (bound_member *)arena_array(memory, is->count, sizeof *made->members);
        for (size_t i = 0; made->members != NULL && i < is->count; i++) {
            made->members[i].is = &is->members[i];
            if (is->members[i].of != NULL &&
                !add_shape(memory, names, is->members[i].of, &made->members[i].of))
                return false;
        }
    }
    *added = made;
    return made->members != NULL;
}

static bool number_members(arena *memory, template_names *names, const shape *is)
{
    for (size_t i = 0; i < is->count; i++) {
        const char *name = is->members[i].name;
        const char **grown;

        if (find_name(names, name, strlen(name)) != NAME_UNKNOWN)
            continue;
        grown = (const char **)arena_grow(memory, names->names, names->count, sizeof *grown);
        if (grown == NULL)
            return false;
        names->names = grown;
        names->names[names->count++] = name;
    }
    return true;
}

static bool index_members(arena *memory, const template_names *names, bound_shape *of)
{
    of->by_name = (int16_t *)arena_array(memory, names->count, sizeof *of->by_name);
    if (of->by_name == NULL)
        return false;
    for (size_t i = 0; i < names->count; i++)
        of->by_name[i] = -1;
    for (size_t i = 0; i < of->is->count; i++) {
        const char *name = of->is->members[i].name;

        of->by_name[find_name(names, name, strlen(name))] = (int16_t)i;
    }
    return true;
}

template_names *template_names_of(arena *memory, const shape *view)
{
    template_names *names = arena_new(memory, template_names);

    if (names == NULL || !add_shape(memory, names, view, &names->view))
        return NULL;
    for (const bound_shape *at = names->shapes; at != NULL; at = at->next)
        if (!number_members(memory, names, at->is))
            return NULL;
    for (bound_shape *at = names->shapes; at != NULL; at = at->next)
        if (!index_members(memory, names, at))
            return NULL;
    return names;
}
