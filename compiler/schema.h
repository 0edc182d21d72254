/* The checked schema: what the front end hands to whoever generates something from it.
 *
 * Everything is resolved and decided here: references point at what they name, bounds are numbers, defaults
 * are in place, and every C identifier is ready, so an emitter only lays text out. All of it is const, owned
 * by the arena of the compile, and free of cycles except through `schema_type.record` (recursive data) and
 * `schema_service.package`. Texts are NUL-terminated UTF-8; an absent text is NULL; docs have no comment
 * marks, lines separated by '\n' without one at the end. Pointer-and-count pairs are arrays; a count may be 0
 * and the pointer then NULL.
 */
#ifndef SCHEMA_H
#define SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct schema_package schema_package;
typedef struct schema_record schema_record;
typedef struct schema_enum schema_enum;
typedef struct schema_event schema_event;
typedef struct schema_service schema_service;
typedef struct schema_type schema_type;

typedef enum schema_kind {
    SCHEMA_BOOL,
    SCHEMA_I8,
    SCHEMA_I16,
    SCHEMA_I32,
    SCHEMA_I64,
    SCHEMA_U8,
    SCHEMA_U16,
    SCHEMA_U32,
    SCHEMA_U64,
    SCHEMA_F32,
    SCHEMA_F64,
    SCHEMA_STRING,
    SCHEMA_BYTES,
    SCHEMA_TIMESTAMP,
    SCHEMA_DURATION,
    SCHEMA_UUID,
    SCHEMA_DECIMAL,
    SCHEMA_ANY,
    SCHEMA_RAW,
    SCHEMA_ENUM,   /* `enumeration` */
    SCHEMA_RECORD, /* `record`: a struct or a union */
    SCHEMA_LIST,   /* `element` */
    SCHEMA_MAP     /* `element`; keys are strings */
} schema_kind;

/* No upper bound. */
#define SIZE_NONE UINT64_MAX

/* Bytes of a uuid in MessagePack: a text of 36 characters and its head. */
#define SCHEMA_UUID_BYTES ((size_t)38)

/* How a field holds `T?`. */
typedef enum schema_presence {
    SCHEMA_REQUIRED, /* always there; a default, if any, is used when the key is absent */
    SCHEMA_BOXED,    /* optional scalar or enum: `{has, value}`, C type `schema_field.c_type` */
    SCHEMA_POINTER,  /* any other optional: a pointer, NULL when absent (a string is its own pointer) */
    SCHEMA_CONTAINER /* list or map: empty when absent, so the key may be missing; always written */
} schema_presence;

/* An inclusive range: values for numbers, bytes for string and bytes, entries for lists and maps.
 * `c_min` and `c_max` are C expressions, always filled in (the limits of the type when unbounded: "INT8_MIN",
 * "UINT32_MAX", "SIZE_MAX" for lengths and counts, "-DBL_MAX"...). Which of the numbers counts follows from
 * the kind: signed ints use i, unsigned ints and lengths u, floats f. */
typedef struct schema_bound {
    int64_t i;
    uint64_t u;
    double f;
} schema_bound;

typedef struct schema_range {
    bool has_min, has_max;
    schema_bound min, max;
    const char *c_min, *c_max;
} schema_range;

/* One distinct type expression, aliases resolved. */
struct schema_type {
    schema_kind kind;
    schema_range range;             /* where the kind has bounds */
    const char *alias;              /* the alias it was written as ("Sku"), for docs, or NULL */
    const char *text;               /* as in the IDL, "[Item](1..100)", for docs and messages */
    const struct pattern *pattern;  /* @pattern of a string (pattern.h), or NULL */
    const schema_type *element;     /* list and map */
    const schema_record *record;    /* SCHEMA_RECORD */
    const schema_enum *enumeration; /* SCHEMA_ENUM */
    const char *c_type;             /* by value: "uint32_t", "const char *", "shop_item", "shop_item_list" */
    const char *c_name;    /* as a word in other names: "u32", "string", "shop_item", "shop_item_list" */
    const char *c_entry;   /* map: "shop_item_map_entry" */
    const char *c_element; /* list and map: c_type of the element */
};

typedef enum schema_value_kind {
    SCHEMA_VALUE_NONE,
    SCHEMA_VALUE_BOOL,
    SCHEMA_VALUE_INT,
    SCHEMA_VALUE_FLOAT,
    SCHEMA_VALUE_STRING,
    SCHEMA_VALUE_DURATION, /* `integer`, nanoseconds */
    SCHEMA_VALUE_ENUM,     /* text is the wire name */
    SCHEMA_VALUE_EMPTY     /* [] or {} */
} schema_value_kind;

/* A constant or a default. */
typedef struct schema_value {
    schema_value_kind kind;
    bool zero; /* what `{0}` of its C type already is */
    bool boolean;
    int64_t integer;  /* signed kinds and durations */
    uint64_t natural; /* unsigned kinds */
    double number;
    const char *text;    /* STRING: the text; ENUM: the wire name */
    const char *c_value; /* a C expression of the C type: "INT64_C(5)", "\"abc\"", "SHOP_STATUS_PENDING" */
} schema_value;

/* A member of a struct or a union, a parameter of a method. */
typedef struct schema_field {
    const char *name;       /* the key on the wire (`@wire`, else as written) */
    const char *idl_name;   /* as written */
    const char *const *was; /* older keys that are accepted too */
    size_t was_count;
    const char *c_name;      /* the member's name in C, mangled if it had to be */
    const char *c_type;      /* the member's type: the type's own, "aegis_opt_u32", "const shop_card *" */
    const char *c_kind;      /* unions: "SHOP_PAYMENT_CARD"; else NULL */
    const schema_type *type; /* without the `?` */
    schema_presence presence;
    bool nullable;              /* @nullable: written as nil when absent (its presence is not REQUIRED) */
    schema_value default_value; /* kind NONE: there is none */
    const char *docs;
    const char *deprecated; /* the reason, or NULL */
} schema_field;

typedef enum schema_record_kind {
    SCHEMA_STRUCT,
    SCHEMA_UNION, /* exactly one member on the wire; zero kind is none */
    SCHEMA_ERROR,
    SCHEMA_PAYLOAD, /* of an event */
    SCHEMA_REQUEST, /* parameters of a method */
    SCHEMA_RESULT,  /* inline result of a method */
    SCHEMA_PROGRESS /* progress of a command */
} schema_record_kind;

/* Anything that becomes a C struct with codecs. */
struct schema_record {
    schema_record_kind kind;
    const schema_package *package;
    const char *name; /* as in the IDL: "Order", "order.created", "create_order" for what a method derives */
    const char *wire; /* errors: the type's name on the wire */
    const char *const *was; /* errors: older ones that are understood too */
    size_t was_count;
    const char *c_name;  /* "shop_order" */
    const char *c_macro; /* "SHOP_ORDER" */
    const char
        *c_stem; /* of its static functions: c_name, perhaps with '_' to keep apart from declarations */
    const char *c_kind_type; /* unions: "shop_payment_kind" */
    const char *c_none;      /* unions: "SHOP_PAYMENT_NONE", the constant 0 */
    const schema_field *fields;
    size_t field_count;
    int32_t code;                /* errors: 400 to 599 */
    const schema_field *message; /* errors: the field `message` of type string (maybe optional), or NULL */
    bool needs_init;             /* some number in it has a non-zero default: wants <c_macro>_INIT */
    bool recursive;              /* contains itself through a list, map or optional */
    bool has_pointers;           /* something in it lies elsewhere, so that copying it has to go deeper */
    size_t least;                /* fewest bytes of MessagePack it takes */
    uint64_t most;               /* most bytes of MessagePack, SIZE_NONE when it has no largest size */
    const char *docs;
    const char *deprecated;
};

typedef struct schema_enum_value {
    const char *name; /* on the wire */
    const char *idl_name;
    const char *const *was;
    size_t was_count;
    const char *c_name; /* "SHOP_STATUS_PENDING" */
    int32_t number;     /* position in the declaration from 1; 0 for a declared `unknown` */
    const char *docs;
    const char *deprecated;
} schema_enum_value;

struct schema_enum {
    const schema_package *package;
    const char *name;
    const char *c_name;              /* "shop_status", a typedef of int32_t */
    const char *c_macro;             /* "SHOP_STATUS" */
    const char *c_stem;              /* of its static functions */
    const char *c_unknown;           /* "SHOP_STATUS_UNKNOWN", the constant 0 */
    bool strict;                     /* an unknown name is a decode error */
    bool unknown_declared;           /* a value `unknown` is among `values` with number 0, and may be sent */
    const schema_enum_value *values; /* in declaration order */
    size_t value_count;
    const char *docs;
    const char *deprecated;
};

typedef struct schema_const {
    const char *name;
    const char *c_name; /* "SHOP_MAX_ITEMS" */
    const schema_type *type;
    schema_value value;
    const char *docs;
    const char *deprecated;
} schema_const;

typedef struct schema_alias {
    const char *name;
    const schema_type *type;
    const char *docs;
} schema_alias;

struct schema_event {
    const schema_package *package;
    const char *name;          /* "order.created" */
    const char *domain, *type; /* "order", "created" */
    const char *const *was;    /* older names that subscribers take too: "order.made" */
    size_t was_count;
    const char *version; /* "1.1"; "1.0" unless given */
    uint32_t major;
    bool latest; /* the highest major of its name: has the plain C name */
    const schema_record
        *record;       /* the payload; its c_name is "shop_order_created" or "shop_order_created_v1" */
    const char *c_var; /* stem of its static descriptor: "order_created" */
    const char *docs;
    const char *deprecated;
};

typedef enum schema_method_kind { SCHEMA_RPC, SCHEMA_COMMAND } schema_method_kind;
typedef enum schema_priority {
    SCHEMA_PRIORITY_LOW,
    SCHEMA_PRIORITY_NORMAL,
    SCHEMA_PRIORITY_HIGH,
    SCHEMA_PRIORITY_CRITICAL
} schema_priority;
typedef enum schema_delivery {
    SCHEMA_AT_LEAST_ONCE,
    SCHEMA_AT_MOST_ONCE,
    SCHEMA_EXACTLY_ONCE
} schema_delivery;

/* A typed error a method may answer with. */
typedef struct schema_raise {
    const schema_record *error; /* maybe another package's */
    const char *c_member; /* in the outcome: "out_of_stock" ("ok_", "failed_", "kind_" for errors so named) */
    const char *c_kind;   /* "SHOP_ORDERS_CREATE_ORDER_OUT_OF_STOCK" */
    const char *c_reply;  /* "shop_orders_create_order_out_of_stock" */
    bool retried;         /* a command that fails so is worth another attempt */
} schema_raise;

typedef struct schema_method {
    schema_method_kind kind;
    const schema_service *service;
    const char *name;       /* on the wire */
    const char *const *was; /* older names that are answered too */
    size_t was_count;
    const char *idl_name;
    const char *c_name;            /* "shop_orders_create_order" */
    const char *c_macro;           /* "SHOP_ORDERS_CREATE_ORDER" */
    const char *c_op;              /* member of the ops table: "create_order" */
    const char *c_var;             /* stem of static descriptors, unique in the file: "orders_create_order" */
    const schema_record *request;  /* never NULL; may have no fields */
    const schema_record *result;   /* never NULL; an empty inline one for a command without `->` */
    const schema_record *progress; /* commands that declare it, else NULL */
    bool inline_result;            /* the result is this method's own record */
    const schema_raise *raises;
    size_t raise_count;
    int64_t timeout; /* ns */
    bool idempotent;
    uint32_t max_retries;             /* command: 3 unless given; idempotent rpc: 2; other rpc: 0 */
    int64_t backoff_min, backoff_max; /* ns */
    int64_t hedge;                    /* ns, 0: none */
    schema_priority priority;
    bool lanes;                      /* @priority was given */
    schema_delivery delivery;        /* unless given: exactly once with a key, else at least once */
    const schema_field *const *keys; /* fields of the request that make its idempotency key, in that order */
    size_t key_count;                /* 0: it has none */
    const char *docs;
    const char *deprecated;
} schema_method;

/* One event a subscription dispatches to its own handler. */
typedef struct schema_case {
    const schema_event *event; /* maybe another package's */
    const char *c_op;          /* "on_order_created" */
    const char *c_var;         /* "orders_on_order_created", unique in the file */
    const char *c_upcast;      /* of an older version whose latest is a case too: "upcast_order_created_v1" */
    const struct schema_case *latest; /* that one; else NULL */
} schema_case;

/* Where an event of a subscription was published under an older name. */
typedef struct schema_older {
    const char *pattern, *durable;
} schema_older;

typedef struct schema_subscription {
    const char *pattern; /* "order.created", "payment.*", "payment.>" */
    const char *durable; /* "order-service__payment_any" */
    bool wildcard;       /* has a raw handler `c_raw` for what no case matches */
    const char *c_raw; /* "on_payment_any", also for a plain name that matches no declared event; else NULL */
    const char *c_var; /* "orders_on_payment_any", unique in the file */
    bool from_new, broadcast, ordered;
    uint32_t concurrency; /* 1 unless given */
    uint32_t in_flight;   /* events in one instance's hands at most */
    uint32_t max_retries;
    int64_t backoff_min, backoff_max; /* nanoseconds */
    const schema_case *cases;         /* in declaration order */
    size_t case_count;
    const schema_older *older; /* what the pattern itself does not take */
    size_t older_count;
    const char *docs;
} schema_subscription;

struct schema_service {
    const schema_package *package;
    const char *name;       /* as written: "Orders" */
    const char *wire;       /* "order-service" */
    const char *const *was; /* older names that are served too */
    size_t was_count;
    const char *version;          /* "1.2.0"; "1.0.0" unless given */
    const char *c_name;           /* "shop_orders" */
    const char *c_macro;          /* "SHOP_ORDERS" */
    const char *c_var;            /* stem of its static descriptor: "orders" */
    const schema_method *methods; /* rpcs and commands in declaration order */
    size_t method_count;
    const schema_subscription *subscriptions;
    size_t subscription_count;
    bool unsupported; /* has `on_unsupported`: it subscribes to events that have versions */
    const schema_event *const *publishes;
    size_t publish_count;
    const schema_service *const *uses;
    size_t use_count;
    const char *docs;
    const char *deprecated;
};

/* The list, map and optional types a package's header has to define: for every declared struct, union and
 * enum a list and a map (and for an enum an optional), then those of nested containers
 * ("shop_string_list_map"). */
typedef enum schema_container_kind {
    SCHEMA_CONTAINER_LIST,
    SCHEMA_CONTAINER_MAP,
    SCHEMA_CONTAINER_OPTIONAL
} schema_container_kind;
typedef struct schema_container {
    schema_container_kind kind;
    const char *c_name;          /* "shop_item_list", "shop_item_map", "shop_opt_status" */
    const char *c_entry;         /* map: "shop_item_map_entry" */
    const char *c_get;           /* map: "shop_item_map_get" */
    const char *c_element;       /* C type of the items, of the entries' value: "shop_item", "const char *" */
    const schema_record *record; /* the record that is the element, or NULL */
} schema_container;

typedef struct schema_import {
    const char *path;   /* as written: "common/pay.aegis" */
    const char *header; /* "common/pay.h" */
    bool beside;        /* found from the importing file's folder on, not along -I */
    const schema_package *package;
} schema_import;

struct schema_package {
    const char *name;     /* "shop" */
    const char *c_prefix; /* "shop" */
    const char *c_macro;  /* "SHOP" */
    const char *c_guard;  /* "SHOP_H" */
    const char *path;     /* of the .aegis file, as opened */
    const char *base;     /* "shop" or "common/shop": outputs are <base>.h and <base>.c */
    bool main;            /* named on the command line, not only imported */
    const char *text;     /* of the .aegis file */
    size_t text_size;
    const char *docs;
    const schema_import *imports;
    size_t import_count;
    const schema_const *consts;
    size_t const_count;
    const schema_alias *aliases;
    size_t alias_count;
    const schema_enum *const *enums;
    size_t enum_count;
    const schema_record *const *records; /* ordered so that what a record contains by value comes before it */
    size_t record_count;
    const schema_container *containers;
    size_t container_count;
    const schema_event *const *events;
    size_t event_count;
    const schema_service *const *services;
    size_t service_count;
};

/* All packages of one compile, an imported one before its importers. */
typedef struct schema {
    const schema_package *const *packages;
    size_t package_count;
} schema;

/* Fewest bytes of MessagePack a value takes: what a reader holds a forged count against. */
static inline size_t schema_least(const schema_type *type)
{
    if (type->kind == SCHEMA_UUID)
        return SCHEMA_UUID_BYTES;
    return type->kind == SCHEMA_RECORD ? type->record->least : 1;
}

#endif
