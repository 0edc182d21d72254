/* Words that people bring from C, C++, Go, Rust, TypeScript, protobuf, Thrift, Avro, Cap'n Proto and SQL. */
#include "elsewhere.h"

#include <string.h>

int elsewhere_builtin(const char *name)
{
    static const char *const names[] = {"bool",     "i8",   "i16",     "i32", "i64",    "u8",    "u16",
                                        "u32",      "u64",  "f32",     "f64", "string", "bytes", "timestamp",
                                        "duration", "uuid", "decimal", "any", "raw"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0)
            return 1;
    }
    return 0;
}

const char *elsewhere_type(const char *name)
{
    static const char *const words[][2] = {
        {"int", "i32"},
        {"Int", "i32"},
        {"Integer", "i32"},
        {"Long", "i64"},
        {"integer", "i32"},
        {"int32", "i32"},
        {"Int32", "i32"},
        {"int32_t", "i32"},
        {"sint32", "i32"},
        {"sfixed32", "i32"},
        {"long", "i64"},
        {"int64", "i64"},
        {"Int64", "i64"},
        {"int64_t", "i64"},
        {"sint64", "i64"},
        {"sfixed64", "i64"},
        {"ssize_t", "i64"},
        {"bigint", "i64"},
        {"isize", "i64"},
        {"short", "i16"},
        {"int16", "i16"},
        {"int16_t", "i16"},
        {"smallint", "i16"},
        {"int8", "i8"},
        {"int8_t", "i8"},
        {"unsigned", "u32"},
        {"uint", "u32"},
        {"uint32", "u32"},
        {"uint32_t", "u32"},
        {"fixed32", "u32"},
        {"UInt32", "u32"},
        {"uint64", "u64"},
        {"uint64_t", "u64"},
        {"fixed64", "u64"},
        {"size_t", "u64"},
        {"usize", "u64"},
        {"UInt64", "u64"},
        {"uint16", "u16"},
        {"uint16_t", "u16"},
        {"UInt16", "u16"},
        {"uint8", "u8"},
        {"uint8_t", "u8"},
        {"byte", "u8"},
        {"ubyte", "u8"},
        {"Byte", "u8"},
        {"Int8", "i8"},
        {"Int16", "i16"},
        {"Short", "i16"},
        {"ushort", "u16"},
        {"ulong", "u64"},
        {"UInt8", "u8"},
        {"number", "f64"},
        {"float", "f32"},
        {"float32", "f32"},
        {"Float32", "f32"},
        {"real", "f32"},
        {"double", "f64"},
        {"Double", "f64"},
        {"Float", "f64"},
        {"Number", "f64"},
        {"float64", "f64"},
        {"Float64", "f64"},
        {"boolean", "bool"},
        {"Boolean", "bool"},
        {"Bool", "bool"},
        {"_Bool", "bool"},
        {"char", "string"},
        {"str", "string"},
        {"String", "string"},
        {"text", "string"},
        {"Text", "string"},
        {"varchar", "string"},
        {"datetime", "timestamp"},
        {"DateTime", "timestamp"},
        {"time", "timestamp"},
        {"date", "timestamp"},
        {"time_t", "timestamp"},
        {"Date", "timestamp"},
        {"Instant", "timestamp"},
        {"Timestamp", "timestamp"},
        {"Duration", "duration"},
        {"interval", "duration"},
        {"blob", "bytes"},
        {"Bytes", "bytes"},
        {"Buffer", "bytes"},
        {"binary", "bytes"},
        {"Data", "bytes"},
        {"UUID", "uuid"},
        {"Uuid", "uuid"},
        {"guid", "uuid"},
        {"Guid", "uuid"},
        {"Decimal", "decimal"},
        {"numeric", "decimal"},
        {"money", "decimal"},
        {"object", "any"},
        {"Any", "any"},
        {"json", "any"},
        {"variant", "any"},
        {"void", ""},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i][0], name) == 0)
            return words[i][1][0] == '\0' ? NULL : words[i][1];
    }
    return NULL;
}

const char *elsewhere_container(const char *name)
{
    static const char *const lists[] = {"list", "List", "array", "Array", "vector", "Vector",  "Vec",
                                        "set",  "Set",  "seq",   "Seq",   "slice",  "sequence"};
    static const char *const maps[] = {"map", "Map", "dict", "Dict", "HashMap", "Record", "Dictionary"};
    static const char *const optionals[] = {"optional", "Optional", "Option", "Maybe", "nullable"};

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (strcmp(name, lists[i]) == 0)
            return "a list is written [T]";
    }
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        if (strcmp(name, maps[i]) == 0)
            return "a map is written {string: T}";
    }
    for (size_t i = 0; i < sizeof optionals / sizeof optionals[0]; i++) {
        if (strcmp(name, optionals[i]) == 0)
            return "an optional type is written T?";
    }
    return NULL;
}

const char *elsewhere_annotation(const char *name)
{
    static const char bounds[] = "bounds stand behind the type: u32(1..10), string(1..32), [T](..5)";
    static const char required[] = "a field is required unless its type ends in '?'";
    static const char *const words[][2] = {
        {"required", required},
        {"optional", "an optional field has a '?' behind its type"},
        {"default", "a default stands behind the type: count: u32 = 5;"},
        {"min", bounds},
        {"max", bounds},
        {"range", bounds},
        {"length", bounds},
        {"minLength", bounds},
        {"maxLength", bounds},
        {"min_length", bounds},
        {"max_length", bounds},
        {"size", bounds},
        {"bounds", bounds},
        {"regex", "a regular expression stands in @pattern(\"...\")"},
        {"regexp", "a regular expression stands in @pattern(\"...\")"},
        {"format", "a regular expression stands in @pattern(\"...\"); uuid, timestamp and decimal are types"},
        {"json", "another name on the wire stands in @wire(\"...\")"},
        {"name", "another name on the wire stands in @wire(\"...\")"},
        {"alias", "an older name stands in @was(\"...\")"},
        {"renamed", "an older name stands in @was(\"...\")"},
        {"doc", "documentation stands before, in lines that begin with ///"},
        {"description", "documentation stands before, in lines that begin with ///"},
        {"retries", "such as @retry(max: 3)"},
        {"status", "the status of an error stands behind its name: error NotFound(404) { ... }"},
        {"code", "the status of an error stands behind its name: error NotFound(404) { ... }"},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i][0], name) == 0)
            return words[i][1];
    }
    return NULL;
}

const char *elsewhere_statement(const char *word)
{
    static const char complete[] = "a declaration is complete where it stands",
                      method[] =
                          "methods stand in a service, as 'rpc name(parameters) -> Result raises Error;'",
                      alias[] = "another name for a type is written 'alias NAME = TYPE;'";
    static const char *const words[][2] = {
        {"extend", complete},
        {"impl", complete},
        {"extension", complete},
        {"apply", complete},
        {"root_type", "any struct can be a message"},
        {"file_identifier", "messages carry no mark of their file"},
        {"file_extension", "messages carry no mark of their file"},
        {"attribute", "annotations are not declared"},
        {"annotation", "annotations are not declared"},
        {"directive", "annotations are not declared"},
        {"mod", "a file is one package, and nothing is nested in it"},
        {"operation", method},
        {"resource", method},
        {"list", "a list is written where it is used: [T]"},
        {"map", "a map is written where it is used: {string: T}"},
        {"scalar", alias},
        {"string", alias},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i][0], word) == 0)
            return words[i][1];
    }
    return NULL;
}

const elsewhere_keyword *elsewhere_keyword_of(const char *word)
{
    static const elsewhere_keyword words[] = {
        {"message", "struct", "a message is a struct"},
        {"class", "struct", "a class is a struct"},
        {"record", "struct", "a record is a struct"},
        {"structure", "struct", "a structure is a struct"},
        {"object", "struct", "an object is a struct"},
        {"entity", "struct", "an entity is a struct"},
        {"dataclass", "struct", "a dataclass is a struct"},
        {"input", "struct", "an input is a struct"},
        {"table", "struct", "a table is a struct"},
        {"model", "struct", "a model is a struct"},
        {"type", "struct", "a type with fields is a struct"},
        {"data", "struct", "a type with fields is a struct"},
        {"exception", "error", "an exception is an error"},
        {"fault", "error", "a fault is an error"},
        {"interface", "service", "an interface is a service"},
        {"trait", "service", "a trait is a service"},
        {"protocol", "service", "a protocol is a service"},
        {"rpc_service", "service", "what serves calls is a service"},
        {"server", "service", "what serves calls is a service"},
        {"oneof", "union", "a oneof is a union"},
        {"variant", "union", "a variant is a union"},
        {"namespace", "package", "a namespace is a package"},
        {"module", "package", "a module is a package"},
        {"include", "import", "files are imported"},
        {"using", "import", "files are imported"},
        {"use", "import", "files are imported"},
        {"from", "import", "files are imported"},
        {"require", "import", "files are imported"},
        {"edition", "aegis", "the edition is named by 'aegis'"},
        {"syntax", "aegis", "the edition is named by 'aegis'"},
        {"constant", "const", "a constant is a const"},
        {"let", "const", "a constant is a const"},
        {"typedef", "alias", "another name for a type is an alias"},
        {"newtype", "alias", "another name for a type is an alias"},
        {"typealias", "alias", "another name for a type is an alias"},
        {"method", "rpc", "a call that is answered is an rpc"},
        {"function", "rpc", "a call that is answered is an rpc"},
        {"func", "rpc", "a call that is answered is an rpc"},
        {"fn", "rpc", "a call that is answered is an rpc"},
        {"def", "rpc", "a call that is answered is an rpc"},
        {"call", "rpc", "a call that is answered is an rpc"},
        {"operation", "rpc", "a call that is answered is an rpc"},
        {"endpoint", "rpc", "a call that is answered is an rpc"},
        {"procedure", "rpc", "a call that is answered is an rpc"},
        {"unary", "rpc", "a call that is answered is an rpc"},
        {"query", "rpc", "a call that is answered is an rpc"},
        {"get", "rpc", "a call that is answered is an rpc"},
        {"cmd", "command", "work that is stored until it is done is a command"},
        {"task", "command", "work that is stored until it is done is a command"},
        {"job", "command", "work that is stored until it is done is a command"},
        {"oneway", "command", "a call that is not answered is a command"},
        {"emits", "publishes", "what a service sends it 'publishes'"},
        {"sends", "publishes", "what a service sends it 'publishes'"},
        {"produces", "publishes", "what a service sends it 'publishes'"},
        {"consumes", "subscribes", "what a service receives it 'subscribes' to"},
        {"listens", "subscribes", "what a service receives it 'subscribes' to"},
        {"receives", "subscribes", "what a service receives it 'subscribes' to"},
        {"handles", "subscribes", "what a service receives it 'subscribes' to"},
        {"depends", "uses", "what a service calls it 'uses'"},
        {"requires", "uses", "what a service calls it 'uses'"},
        {"calls", "uses", "what a service calls it 'uses'"},
        {"throws", "raises", "what a method may fail with it 'raises'"},
        {"returns", "->", "a result stands behind '->'"},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].word, word) == 0)
            return &words[i];
    }
    return NULL;
}
