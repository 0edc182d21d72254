/* Lessons of 1xx, the text of a file, and 2xx, its grammar. */
#include "diag_lessons.h"

static const diag_lesson lessons[] = {
    {101,
     "Names become names in C and keys on the wire, where other characters would have to be written in some "
     "other way. In "
     "comments and strings every character is welcome.",
     "struct Größe { metres: f64; }\n", "struct Size { metres: f64; } // die Größe\n"},
    {102,
     "A string that went on over lines would swallow the rest of the file when its end is forgotten, and the "
     "message would "
     "stand far from the mistake.",
     "const GREETING: string = \"hello;\n", "const GREETING: string = \"hello\\nworld\";\n"},
    {103, "A comment that is not closed hides every declaration behind it, and one within another ends both.",
     "struct Item { sku: string; }\n/* what is sold\nstruct Order { item: Item; }\n",
     "struct Item { sku: string; }\n/* what is sold */\nstruct Order { item: Item; }\n"},
    {104,
     "An escape that was passed through unread would mean something else in C than it seems to. Above all "
     "the backslash of a "
     "regular expression is written twice.",
     "struct Item { @pattern(\"^\\d+$\") code: string(1..9); }\n",
     "struct Item { @pattern(\"^\\\\d+$\") code: string(1..9); }\n"},
    {105,
     "One way to write a number keeps schemas searchable and leaves no doubt about what 1_000 or 5min is.",
     "const PAUSE: duration = 5min;\n", "const PAUSE: duration = 5m;\n"},
    {106,
     "Docs and strings go from the file into C and onto the wire, which are both UTF-8. Text in another "
     "encoding would come out "
     "as other text.",
     "// Gr\xf6\xdf\x65 in Latin-1\nstruct Size { metres: f64; }\n",
     "// Größe in UTF-8\nstruct Size { metres: f64; }\n"},
    {107,
     "Package, service and method are joined to names in C, which compilers, debuggers and readers have to "
     "cope with.",
     "struct "
     "TheStructWithAVeryLongNameThatSomeProgramMadeFromAllTheWordsOfASentenceWithoutAskingWhetherAnybodyWillE"
     "verWantTo"
     "ReadOrTypeItAgain { id: uuid; }\n",
     "struct Sentence { id: uuid; }\n"},
    {110,
     "Such a comment would be lost without a word: it stands in no documentation. Two slashes say that it is "
     "a remark for "
     "readers of the schema only.",
     "struct Item {\n  sku: string; /// the code on the box\n}\n",
     "struct Item {\n  /// The code on the box.\n  sku: string;\n}\n"},
    {111,
     "Streams of results need rules about order, flow and failure that edition 1 does not have. The word is "
     "kept so that they "
     "can come without a new meaning for old files.",
     "struct Price { amount: f64; }\nservice Shop {\n  rpc watch(sku: string) -> stream Price;\n}\n",
     "struct Price { amount: f64; }\nevent price.changed { price: Price; }\nservice Shop {\n  publishes "
     "price.changed;\n}\n"},
    {201,
     "What stands here fits nowhere in the grammar. It was left out, or read as what was most likely meant, "
     "and the rest of the "
     "file was checked as if it had been right; so each message of a run is about a mistake of its own.",
     "struct Item {\n  sku: string,\n  price: f64,\n}\n",
     "struct Item {\n  sku: string;\n  price: f64;\n}\n"},
    {202,
     "Every declaration and member ends in `;` or `}`. That is where reading goes on after a mistake, so "
     "that one of them does "
     "not become ten.",
     "struct Item {\n  sku: string\n  price: f64;\n}\n", "struct Item {\n  sku: string;\n  price: f64;\n}\n"},
    {203,
     "Types nest at most 16 deep, names stand for each other at most 16 times. Nobody reads more, and "
     "generated code that "
     "follows a type has to end.",
     "alias Deep = [[[[[[[[[[[[[[[[[string]]]]]]]]]]]]]]]]];\n",
     "struct Row { cells: [string]; }\nstruct Table { rows: [Row]; }\n"},
    {204,
     "Protobuf: message is struct, repeated T is [T], map<string, T> is {string: T}, optional T is T?, "
     "returns (T) is -> T, and there "
     "are no field numbers. Thrift: exception is error, throws is raises, list<T> is [T]. C: the name comes "
     "first, char name[32] is "
     "name: string(..32), a pointer is T?, typedef is alias.",
     "struct Item {\n  string sku = 1;\n}\n", "struct Item {\n  sku: string;\n}\n"},
};

const diag_lesson *diag_lessons_text(size_t *count)
{
    *count = sizeof lessons / sizeof lessons[0];
    return lessons;
}
