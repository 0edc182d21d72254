/* Lessons of 3xx: files, packages, imports and the names they declare. */
#include "diag_lessons.h"

static const diag_lesson lessons[] = {
    {301,
     "When the language changes, a later aegisc reads old files by the old rules. It has to know which those "
     "are before "
     "the first word.",
     "package shop;\n\nstruct Item { sku: string; }\n",
     "aegis 1;\npackage shop;\n\nstruct Item { sku: string; }\n"},
    {302,
     "A file is a package, and its name begins every C name: without it two files could not be used in one "
     "program.",
     "aegis 1;\n\nstruct Item { sku: string; }\n",
     "aegis 1;\npackage shop;\n\nstruct Item { sku: string; }\n"},
    {303,
     "A name that means two things means neither. Keys on the wire are names too: two fields with one key "
     "could not both "
     "be read.",
     "struct Item {\n  sku: string;\n  sku: u32;\n}\n", "struct Item {\n  sku: string;\n  number: u32;\n}\n"},
    {304,
     "Nothing is guessed: a type that was meant to be another would only show as bytes that somebody else "
     "cannot read. A "
     "name that is missed is reported once, at its first use.",
     "struct Order { item: Itm; }\nstruct Item { sku: string; }\n",
     "struct Order { item: Item; }\nstruct Item { sku: string; }\n"},
    {305,
     "The path is also that of the generated header, so it is relative and does not depend on where aegisc "
     "runs.",
     "aegis 1;\npackage shop;\nimport \"pay\";\n\nstruct Order { card: pay.Card; }\n",
     "aegis 1;\npackage shop;\nimport \"pay.aegis\";\n\nstruct Order { card: pay.Card; }\n"},
    {306, "Headers that include each other do not compile in C. What both files need belongs in a third one.",
     "aegis 1;\npackage shop;\nimport \"example.aegis\"; // this file\n\nstruct Item { sku: string; }\n",
     "aegis 1;\npackage shop;\nimport \"pay.aegis\";\n\nstruct Item { sku: string; card: pay.Card; }\n"},
    {307, "An import that nobody needs makes every user build and read one more file.",
     "aegis 1;\npackage shop;\nimport \"pay.aegis\";\n\nstruct Item { sku: string; }\n",
     "aegis 1;\npackage shop;\n\nstruct Item { sku: string; }\n"},
    {308, "A reader who sees `string` has to know what it is without looking for a declaration.",
     "struct string { text: bytes; }\n", "struct Text { text: bytes; }\n"},
    {309,
     "C has one set of names for everything. Types become lower case there, and lists, maps, requests, "
     "outcomes and reply "
     "functions are derived from them; aegisc knows them all and reports the two declarations instead of "
     "code that does not "
     "compile.",
     "struct HTTPServer { host: string; }\nstruct HttpServer { host: string; }\n",
     "struct HTTPServer { host: string; }\nstruct OldServer { host: string; }\n"},
    {310,
     "Programs that were built when the name meant something else are still running. `reserved` remembers "
     "that.",
     "struct Order {\n  id: uuid;\n  reserved \"coupon\";\n  coupon: u32;\n}\n",
     "struct Order {\n  id: uuid;\n  reserved \"coupon\";\n  voucher: u32;\n}\n"},
    {311, "A reader finds all that a file needs at its beginning.",
     "aegis 1;\npackage shop;\nstruct Order { card: pay.Card; }\nimport \"pay.aegis\";\n",
     "aegis 1;\npackage shop;\nimport \"pay.aegis\";\nstruct Order { card: pay.Card; }\n"},
    {312, "A field of it could never hold anything.", "enum Status { }\n", "enum Status { pending, paid }\n"},
};

const diag_lesson *diag_lessons_names(size_t *count)
{
    *count = sizeof lessons / sizeof lessons[0];
    return lessons;
}
