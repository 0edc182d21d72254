/* Lessons of 4xx: types, bounds and values. */
#include "diag_lessons.h"

static const diag_lesson lessons[] = {
    {401,
     "Bounds belong to the type. Narrowing a named type where it is used would make two types with one name; "
     "times, ids "
     "and the like have no sizes to bound.",
     "alias Sku = string(1..32);\nstruct Item { sku: Sku(..16); }\n",
     "alias Sku = string(1..16);\nstruct Item { sku: Sku; }\n"},
    {402, "Bounds that nothing fits would refuse every message, and only at run time.",
     "struct Item { name: string(32..1); }\n", "struct Item { name: string(1..32); }\n"},
    {403,
     "In C a struct lies in its place as a whole, so one that held itself would have no end. Lists, maps and "
     "optionals are "
     "pointers.",
     "struct Tree { left: Tree; right: Tree; }\n", "struct Tree { left: Tree?; right: Tree?; }\n"},
    {404,
     "An empty list and an absent one would have to mean different things to every reader, and sooner or "
     "later would not. A "
     "default is what is used in place of an absent value, so an optional one has none.",
     "struct Order { items: [string]?; }\n",
     "struct Order { items: [string]; } // empty when there are none\n"},
    {405, "MessagePack and JSON have to say the same, and the keys of a JSON object are strings.",
     "struct Order { counts: {u32: string}; }\n",
     "struct Count { number: u32; text: string; }\nstruct Order { counts: [Count]; }\n"},
    {406, "A default is written into generated code as it stands.",
     "enum Status { pending, paid }\nstruct Order { status: Status = payed; }\n",
     "enum Status { pending, paid }\nstruct Order { status: Status = paid; }\n"},
    {407,
     "A default that the field refuses would make a message invalid by leaving the field out. It is checked "
     "against bounds, "
     "pattern and width of the type.",
     "struct Item { quantity: u32(1..1000) = 0; }\n", "struct Item { quantity: u32(1..1000) = 1; }\n"},
    {408, "Errors travel beside results, services are not data, a constant is a value.",
     "error NotFound(404) { id: uuid; }\nstruct Report { last: NotFound; }\n",
     "struct Missing { id: uuid; }\nstruct Report { last: Missing; }\n"},
    {409,
     "A constant becomes a macro in C, and there are no literals for lists, structs or times in the "
     "language.",
     "struct Item { sku: string; }\nconst FIRST: Item = \"A-1\";\n", "const FIRST: string = \"A-1\";\n"},
};

const diag_lesson *diag_lessons_types(size_t *count)
{
    *count = sizeof lessons / sizeof lessons[0];
    return lessons;
}
