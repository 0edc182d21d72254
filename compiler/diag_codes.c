/* Every kind of mistake, with its number, its level and what `aegisc explain` says about it. Numbers are
 * never given a second meaning: 1xx text, 2xx syntax, 3xx declarations, 4xx types and values, 5xx services,
 * 6xx annotations, 9xx files. Sorted by number.
 */
#include "diag_rules.h"

static const diag_code codes[] = {
    {101, DIAG_ERROR, "A character that has no meaning here",
     "Names are ASCII letters, digits and underscores, beginning with a letter. Any other text belongs in a "
     "string "
     "or a comment."},
    {102, DIAG_ERROR, "A string without an end",
     "A string ends on the line it begins on. A line break inside one is written \\n."},
    {103, DIAG_ERROR, "A comment without an end",
     "A comment that begins with /* ends with */; they do not nest."},
    {104, DIAG_ERROR, "An unknown escape", "Strings know \\\" \\\\ \\n \\t and \\u{1F600}."},
    {105, DIAG_ERROR, "Not a number",
     "Integers are decimal, without zeros before them, or 0x..., at most 64 bits; floats have a digit on "
     "both "
     "sides of the point; durations end in ns us ms s m h or d."},
    {106, DIAG_ERROR, "Not a text file", "An .aegis file is UTF-8 without NUL bytes."},
    {107, DIAG_ERROR, "A name that is too long", "Names have at most 128 characters, here and on the wire."},
    {110, DIAG_WARNING, "A doc comment that documents nothing",
     "A comment with three slashes stands before a declaration or a member and becomes its documentation. "
     "Elsewhere use two."},
    {111, DIAG_ERROR, "A reserved word or sign", "This is kept for a later edition of the language."},
    {201, DIAG_ERROR, "Unexpected text",
     "A word or mark stands where the grammar, which is in idl/LANGUAGE.md, has no place for it. The message "
     "says what "
     "could stand here."},
    {202, DIAG_ERROR, "A missing mark",
     "A mark, most often the ';' after a declaration or a member, is missing. The message points at where it "
     "belongs; the rest of the file has been read as if it were there."},
    {203, DIAG_ERROR, "Too deep or too many",
     "Types, aliases and imports nest a bounded number of times, and of some things there is a most, far "
     "above what "
     "people write: idl/LANGUAGE.md has the numbers."},
    {204, DIAG_ERROR, "Written otherwise in Aegis",
     "This is how another language writes it. The message shows the same in Aegis, and the rest of the file "
     "has been read "
     "as if it stood there."},
    {301, DIAG_ERROR, "The edition is missing or unknown",
     "A file begins with `aegis 1;`, so that a later aegisc knows by which rules to read it."},
    {302, DIAG_ERROR, "The package is missing or misplaced",
     "After the edition stands `package NAME;`, once. It is the prefix of every C name."},
    {303, DIAG_ERROR, "A name is declared twice",
     "Types, errors, services and constants of a file share one set of names; fields, members, values and "
     "methods "
     "have one each in what declares them."},
    {304, DIAG_ERROR, "A name that is not declared",
     "A name means something declared in this file, or, as `package.Name`, in a directly imported one."},
    {305, DIAG_ERROR, "An import that cannot be read",
     "Imports are looked for beside the importing file, then in the folders given with -I, in their order."},
    {306, DIAG_ERROR, "An import cycle", "Two files cannot import each other, directly or through others."},
    {307, DIAG_WARNING, "An unused import", "Nothing in the file uses what this import declares."},
    {308, DIAG_ERROR, "A built-in type is redeclared", "The names of built-in types keep their meaning."},
    {309, DIAG_ERROR, "Two names become one in C",
     "After the package's prefix and the change of case, two declarations have the same C name. Rename one, "
     "or give "
     "the package or service another prefix with @c_name."},
    {310, DIAG_ERROR, "A reserved name comes back",
     "`reserved` lists names that a field once had. Using one again would make old and new programs misread "
     "each "
     "other."},
    {311, DIAG_ERROR, "An import out of place",
     "Imports stand after the package and before the declarations, each file once."},
    {312, DIAG_ERROR, "An enum or a union without members",
     "An enum has at least one value, a union at least one member."},
    {401, DIAG_ERROR, "Bounds where there can be none",
     "Bounds stand after built-in numbers, string, bytes, and lists and maps. A type with a name has its "
     "own."},
    {402, DIAG_ERROR, "Bounds that make no sense",
     "Both ends are inclusive, in order, and values of the type (lengths and counts are not negative)."},
    {403, DIAG_ERROR, "A type contains itself",
     "By value that would never end. Recursion goes through a list, a map or an optional."},
    {404, DIAG_ERROR, "An optional or a default where there can be none",
     "There is no `T??`; lists and maps are empty rather than absent; elements, members of a union and "
     "aliases are "
     "not optional."},
    {405, DIAG_ERROR, "The key of a map", "Maps are keyed by plain strings: {string: T}."},
    {406, DIAG_ERROR, "A value of the wrong type",
     "A default or a constant is a literal of the declared type."},
    {407, DIAG_ERROR, "A value outside the bounds", "A default has to be a value the field accepts."},
    {408, DIAG_ERROR, "Not a type", "The name exists, but is not that of a struct, enum, union or alias."},
    {409, DIAG_ERROR, "A constant of such a type", "A constant is a bool, a number, a string or a duration."},
    {501, DIAG_ERROR, "A name the bus does not take",
     "Names become parts of NATS subjects: a letter, then letters, digits, '-' and '_', at most 64 "
     "characters. A "
     "service is not called progress, callback or cancel, which the wire uses itself."},
    {502, DIAG_ERROR, "An event is declared twice",
     "An event may be declared once for each major version, in this package and all that it imports."},
    {503, DIAG_ERROR, "A version that cannot be read",
     "The version of a service is \"1.2.0\", that of an event \"1.2\" or \"1.2.0\"."},
    {504, DIAG_WARNING, "A subscription that matches nothing",
     "No event of this file or of those it imports matches, so only the raw handler will be called."},
    {505, DIAG_ERROR, "Not what was expected here",
     "`raises` names errors, `publishes` and `subscribes` events, `uses` services, a result is a struct."},
    {506, DIAG_ERROR, "An error number outside 400 to 599",
     "The numbers of errors are those of HTTP failures."},
    {507, DIAG_ERROR, "Listed twice",
     "Each error, event or service is named once, each event is taken by one subscription of a service, and "
     "the errors of a method have different names on the wire."},
    {508, DIAG_ERROR, "A pattern that takes no event",
     "A pattern is the name of an event, with wildcards for its last parts: order.created, order.*, order.> "
     "(everything that begins with order.) or > (every event)."},
    {509, DIAG_ERROR, "One name for two things on the bus",
     "Two services, two events or two stored subscriptions would have the same name, here or in what is "
     "imported; "
     "@wire(\"...\") gives one of them another."},
    {510, DIAG_WARNING, "A message that may be too large",
     "Everything in the message has an upper bound, and together they are more than the 1 MiB that "
     "nats-server takes unless "
     "its max_payload is set higher. Such a message is refused where it is sent."},
    {511, DIAG_WARNING, "One name on the bus in files that do not know each other",
     "Two files of this run, neither of which imports the other, declare a service, an event or a stored "
     "subscription with one name on "
     "the bus. Where both are used on one bus they take each other's messages."},
    {601, DIAG_ERROR, "An unknown annotation",
     "There is no annotation of this name; idl/LANGUAGE.md has the list."},
    {602, DIAG_ERROR, "An annotation in the wrong place",
     "Each annotation belongs to certain declarations; the message lists them."},
    {603, DIAG_ERROR, "An annotation is given twice",
     "Each stands at most once, and some exclude each other."},
    {604, DIAG_ERROR, "The arguments of an annotation", "The message shows what it takes."},
    {605, DIAG_ERROR, "An annotation that contradicts",
     "It does not go together with the rest of the declaration, or with another annotation of it."},
    {606, DIAG_ERROR, "Not a key for idempotency",
     "@idempotency_key names parameters that are always there and together tell one command from another: "
     "required ones without a default that are strings, uuids, integers, enums or timestamps."},
    {607, DIAG_ERROR, "A final error that is not raised",
     "@retry(final: [...]) of a command says after which of the errors it raises no other attempt follows; "
     "after the others one does."},
    {620, DIAG_ERROR, "A pattern that cannot be read",
     "@pattern takes a regular expression: characters, . [a-z] [^a-z] \\d \\w \\s, groups, |, * + ? {2,5}, ^ "
     "and $. It is found anywhere in the text unless ^ and $ tie it to the ends. In a string of the IDL a "
     "backslash is written twice: @pattern(\"^\\\\d+$\")."},
    {621, DIAG_ERROR, "A pattern that is too large",
     "A pattern becomes a table that a text walks through once. This one would have more than 1000 states, "
     "tell "
     "more than 200 kinds of characters apart, or be longer than 1000 bytes. Counted repetitions of groups, "
     "above all within each other, make tables large; the bounds of the type, string(..100), cost nothing."},
    {622, DIAG_ERROR, "A pattern that decides nothing",
     "Every text matches it, or none does, or none that the bounds of the type allow."},
    {901, DIAG_ERROR, "A file that cannot be read",
     "The file named on the command line cannot be opened or read."},
};

static const diag_code other = {0, DIAG_ERROR, "A mistake", "The message says what it is."};

const diag_code *diag_find(int number)
{
    const diag_rule *rule;

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].number == number)
            return &codes[i];
    rule = diag_rule_numbered(number);
    return rule != NULL ? &rule->code : &other;
}

const diag_code *diag_codes(size_t *count)
{
    *count = sizeof codes / sizeof codes[0];
    return codes;
}
