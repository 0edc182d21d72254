/* From a parsed template to steps. What stands where a name is looked up does not depend on the values but on
 * the sections and partials around it, so all of it is looked up here, once, and nothing is while rendering:
 * a package of a thousand structs shows a million values. A partial's steps are made when it is first shown.
 */
#include "template_steps.h"

#include <string.h>

typedef struct maker {
    template_set *set;
    template_steps *made;
} maker;

static bool add_parts(maker *m, const part *parts, const template_scope *scope);

static step *add(maker *m, step_kind kind, const part *from)
{
    template_steps *made = m->made;
    step *grown = (step *)arena_grow(m->set->memory, made->steps, made->count, sizeof *grown);

    if (grown == NULL)
        return NULL;
    made->steps = grown;
    grown[made->count] = (step){.kind = kind, .from = from};
    return &grown[made->count++];
}

/* ---- names -------------------------------------------------------------------------------------------- */

/* What a name stands for. */
typedef struct meaning {
    const bound_member *member; /* NULL: `own` */
    int own;                    /* NAME_ITEM and so on, or NAME_UNKNOWN */
    template_scope in;          /* the struct it is a member of, or what it is itself */
} meaning;

static const bound_member *member_of(const bound_shape *of, int name)
{
    const int at = of == NULL ? -1 : of->by_name[name];

    return at < 0 ? NULL : &of->members[at];
}

static meaning first_meaning(int name, const template_scope *scope)
{
    meaning found = {NULL, name, *scope};

    if (name == NAME_ITEM)
        return found;
    for (; scope != NULL; scope = scope->outer) {
        const bound_member *member = name < 0 ? NULL : member_of(scope->of, name);

        if (member != NULL)
            return (meaning){member, 0, *scope};
        if (name < 0 && scope->item)
            return (meaning){NULL, name, *scope};
    }
    found.own = NAME_UNKNOWN;
    return found;
}

/* The struct that an object is. */
static template_scope object_of(const meaning *object)
{
    return (template_scope){object->member->of, object->in.frame,
                            object->in.offset + object->member->is->offset, false, NULL};
}

static meaning meaning_of(const part *named, const template_scope *scope)
{
    meaning found = first_meaning(named->path[0], scope);

    for (unsigned i = 1; i < named->path_count && found.own != NAME_UNKNOWN; i++) {
        if (found.member != NULL && found.member->is->kind == SHAPE_OBJECT)
            found.in = object_of(&found);
        else if (found.member != NULL || found.own != NAME_ITEM)
            found.in.of = NULL;
        found.member = member_of(found.in.of, named->path[i]);
        found.own = found.member == NULL ? NAME_UNKNOWN : 0;
    }
    return found;
}

static bool add_failure(maker *m, const part *from, const char *why)
{
    step *made = add(m, STEP_FAIL, from);

    if (made != NULL)
        made->text = why;
    return made != NULL && why != NULL;
}

static bool add_unknown(maker *m, const part *from)
{
    return add_failure(m, from,
                       arena_printf(m->set->memory, "unknown name '%.*s'", (int)from->length, from->text));
}

/* Where a member is, or what it is computed from. */
static void place(step *made, const meaning *of)
{
    const shape_member *is = of->member == NULL ? NULL : of->member->is;

    made->frame = of->in.frame;
    made->at = of->in.offset;
    if (is == NULL)
        return;
    made->list = is->list;
    if (is->list == NULL)
        made->at += is->offset;
    if (is->kind == SHAPE_LIST)
        made->item_size = of->member->of == NULL ? 0 : of->member->of->is->size;
}

/* ---- parts -------------------------------------------------------------------------------------------- */

static bool add_text(maker *m, const part *text)
{
    step *made = add(m, text->text[text->length - 1] == '\n' ? STEP_LINE : STEP_TEXT, text);

    if (made == NULL)
        return false;
    made->text = text->text;
    made->length = text->length;
    return true;
}

static bool add_value(maker *m, const part *value, const template_scope *scope)
{
    static const char *const kinds[] = {
        [SHAPE_TRUTH] = "true or false", [SHAPE_LIST] = "a list", [SHAPE_OBJECT] = "an object"};
    const meaning found = meaning_of(value, scope);
    shape_kind kind = SHAPE_TEXT;
    step *made;

    if (found.own == NAME_UNKNOWN)
        return add_unknown(m, value);
    if (found.member != NULL)
        kind = found.member->is->kind;
    else if (found.own == NAME_FIRST || found.own == NAME_LAST)
        kind = SHAPE_TRUTH;
    else if (found.own == NAME_ITEM && found.in.of != NULL)
        kind = SHAPE_OBJECT;
    if (kind != SHAPE_TEXT)
        return add_failure(m, value,
                           arena_printf(m->set->memory, "'%.*s' is %s here, not a text", (int)value->length,
                                        value->text, kinds[kind]));
    made = add(m,
               found.member != NULL      ? STEP_VALUE
               : found.own == NAME_INDEX ? STEP_INDEX
                                         : STEP_ITEM,
               value);
    if (made == NULL)
        return false;
    place(made, &found);
    return true;
}

/* Its steps, if it is shown, and where to go on if not. */
static bool add_guarded(maker *m, step_kind kind, const part *section, const meaning *found,
                        const template_scope *scope)
{
    const size_t index = m->made->count;
    step *made = add(m, kind, section);

    if (made == NULL)
        return false;
    place(made, found);
    made->wanted = section->kind == PART_SECTION;
    made->item_frame = scope->frame;
    if (!add_parts(m, section->children, scope))
        return false;
    m->made->steps[index].behind = m->made->count - index;
    return true;
}

static bool add_list(maker *m, const part *section, const meaning *found, const template_scope *scope)
{
    template_scope *item = arena_new(m->set->memory, template_scope);
    unsigned deepest = 0;

    if (item == NULL)
        return false;
    for (const template_scope *at = scope; at != NULL; at = at->outer)
        if (at->frame > deepest)
            deepest = at->frame;
    *item = (template_scope){found->member->of, deepest + 1, 0, true, scope};
    return add_guarded(m, STEP_LIST, section, found, item);
}

/* An object is always there. */
static bool add_object(maker *m, const part *section, const meaning *found, const template_scope *scope)
{
    template_scope *inner = arena_new(m->set->memory, template_scope);

    if (inner == NULL)
        return false;
    if (section->kind == PART_INVERTED)
        return add_guarded(m, STEP_NEVER, section, found, scope);
    *inner = found->member == NULL ? found->in : object_of(found);
    inner->item = false;
    inner->outer = scope;
    return add_parts(m, section->children, inner);
}

static bool add_section(maker *m, const part *section, const template_scope *scope)
{
    const meaning found = meaning_of(section, scope);

    if (found.own == NAME_UNKNOWN)
        return add_unknown(m, section);
    if (found.member == NULL) {
        switch (found.own) {
        case NAME_FIRST:
            return add_guarded(m, STEP_IF_FIRST, section, &found, scope);
        case NAME_LAST:
            return add_guarded(m, STEP_IF_LAST, section, &found, scope);
        case NAME_INDEX:
            return section->kind == PART_INVERTED ? add_guarded(m, STEP_NEVER, section, &found, scope)
                                                  : add_parts(m, section->children, scope);
        default:
            return found.in.of == NULL ? add_guarded(m, STEP_IF_ITEM, section, &found, scope)
                                       : add_object(m, section, &found, scope);
        }
    }
    switch (found.member->is->kind) {
    case SHAPE_TEXT:
        return add_guarded(m, STEP_IF_TEXT, section, &found, scope);
    case SHAPE_TRUTH:
        return add_guarded(m, STEP_IF_TRUTH, section, &found, scope);
    case SHAPE_OBJECT:
        return add_object(m, section, &found, scope);
    case SHAPE_LIST:
        return section->kind == PART_SECTION ? add_list(m, section, &found, scope)
                                             : add_guarded(m, STEP_IF_LIST, section, &found, scope);
    }
    return false;
}

static bool add_partial(maker *m, const part *partial, const template_scope *scope)
{
    step *made = add(m, STEP_PARTIAL, partial);

    if (made != NULL)
        made->scope = scope;
    return made != NULL;
}

static bool add_part(maker *m, const part *at, const template_scope *scope)
{
    switch (at->kind) {
    case PART_TEXT:
        return add_text(m, at);
    case PART_VALUE:
        return add_value(m, at, scope);
    case PART_SECTION:
    case PART_INVERTED:
        return add_section(m, at, scope);
    case PART_PARTIAL:
        return add_partial(m, at, scope);
    }
    return false;
}

static bool add_parts(maker *m, const part *parts, const template_scope *scope)
{
    for (; parts != NULL; parts = parts->next)
        if (!add_part(m, parts, scope))
            return false;
    return true;
}

template_steps *template_steps_of(template_set *set, const template_file *file, const template_scope *scope)
{
    maker m = {set, arena_new(set->memory, template_steps)};

    if (m.made == NULL)
        return NULL;
    m.made->file = file;
    return add_parts(&m, file->parts, scope) ? m.made : NULL;
}
