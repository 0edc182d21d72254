/* The rules of `aegisc breaking`, with what `aegisc explain` says about them. "Old readers" are programs
 * built from the old version that read what programs built from the new one write, and so on: while a fleet
 * is upgraded, and for as long as events are stored, both happen. docs/EVOLUTION.md shows the table; a test
 * keeps it in step.
 */
#include "diag_rules.h"

#define WIRE      RULE_WIRE
#define SOURCE    RULE_SOURCE
#define BEHAVIOUR RULE_BEHAVIOUR

static const diag_rule rules[] = {
    /* ---- wire ---- */
    {{WIRE_FIELD_REQUIRED_ADDED, DIAG_ERROR, "A required field is added",
      "Messages of the old version do not have it, so new readers refuse them, naming the field. Give it a "
      "default or "
      "make it optional; it can become required when nothing old is left, neither programs nor stored "
      "events. A list "
      "or map counts as required when its bounds do not allow an empty one."},
     "field-required-added",
     WIRE},
    {{WIRE_FIELD_REQUIRED_REMOVED, DIAG_ERROR, "A required field is removed",
      "Old readers insist on it and refuse every message of the new version. Make it optional or give it a "
      "default "
      "first, wait until every reader has that version, then remove it and keep its name with "
      "`reserved \"name\";`."},
     "field-required-removed",
     WIRE | SOURCE},
    {{WIRE_FIELD_RENAMED, DIAG_ERROR, "A field has another name on the wire",
      "Keys are what counts on the wire. Neither version finds the field in messages of the other: a "
      "required one is "
      "missing, an optional one silently lost. Keep the old key with @wire(\"old\"); to change it, see "
      "field-renamed-was."},
     "field-renamed",
     WIRE},
    {{WIRE_FIELD_RENAMED_WAS, DIAG_ERROR, "A field is renamed with @was",
      "With @was(\"old\") new readers understand old messages. But new writers send the new name, which old "
      "readers do "
      "not know. A rename that works both ways takes two steps: first `@wire(\"old\") @was(\"new\") new: T`, "
      "which sends "
      "the old name and accepts both, everywhere; then `@was(\"old\") new: T`. The second step is not "
      "reported, because "
      "the readers of the first understand it."},
     "field-renamed-was",
     WIRE},
    {{WIRE_OLD_NAME_DROPPED, DIAG_ERROR, "An older name is no longer accepted",
      "The @was is gone by which messages from before a rename were understood. Programs from before the "
      "rename, and "
      "events stored by them, use that name. Allow this rule when none are left."},
     "old-name-dropped",
     WIRE},
    {{WIRE_FIELD_NOW_REQUIRED, DIAG_ERROR, "A field becomes required",
      "It was optional or had a default; messages without it were fine. New readers refuse them."},
     "field-now-required",
     WIRE},
    {{WIRE_FIELD_NOW_OPTIONAL, DIAG_ERROR, "A field becomes optional",
      "New writers may leave it out, which old readers refuse. Roll the readers out first. In C the member "
      "has "
      "another type; a string keeps `const char *` and may now be NULL, which no compiler says."},
     "field-now-optional",
     WIRE},
    {{WIRE_TYPE_CHANGED, DIAG_ERROR, "A type changes to one that travels differently",
      "Neither version understands the other's values. Add a field of another name instead, and reserve the "
      "old "
      "name when it goes."},
     "type-changed",
     WIRE},
    {{WIRE_TYPE_NARROWED, DIAG_ERROR, "A type changes to one that accepts less",
      "Both travel in the same form, such as string and uuid, but new readers refuse some or all values of "
      "old "
      "writers; the other way round it works."},
     "type-narrowed",
     WIRE},
    {{WIRE_TYPE_WIDENED, DIAG_ERROR, "A type changes to one that accepts more",
      "New readers understand old values, but old readers refuse some or all values of new writers, such as "
      "a float "
      "where an integer was. Roll the readers out first."},
     "type-widened",
     WIRE},
    {{WIRE_BOUNDS_NARROWED, DIAG_ERROR, "Bounds become narrower",
      "New readers refuse values that old writers may send. An integer type has bounds too: i64 to i32 "
      "narrows. Where "
      "no such values exist the change is harmless, which only you can know: allow it then."},
     "bounds-narrowed",
     WIRE},
    {{WIRE_BOUNDS_WIDENED, DIAG_ERROR, "Bounds become wider",
      "Old readers refuse values that new writers may send. An integer type has bounds too: u32 to u64 "
      "widens. Roll "
      "the readers out first, or keep writers within the old bounds until they are."},
     "bounds-widened",
     WIRE},
    {{WIRE_PATTERN_NARROWED, DIAG_ERROR, "A pattern accepts less",
      "It is new, or some texts that matched before do not match now: new readers refuse them in old "
      "messages. The two "
      "patterns are compared by what they accept, not by how they are written."},
     "pattern-narrowed",
     WIRE},
    {{WIRE_PATTERN_WIDENED, DIAG_ERROR, "A pattern accepts more",
      "It is gone, or some texts match that did not before: old readers refuse them in new messages. The two "
      "patterns "
      "are compared by what they accept, not by how they are written."},
     "pattern-widened",
     WIRE},
    {{WIRE_ENUM_VALUE_REMOVED, DIAG_ERROR, "An enum value is removed",
      "Old writers still send it. A strict enum refuses it; an open one reads it as UNKNOWN, which cannot be "
      "sent on. "
      "Mark it @deprecated and keep it until nothing sends it."},
     "enum-value-removed",
     WIRE | SOURCE},
    {{WIRE_ENUM_VALUE_RENAMED, DIAG_ERROR, "An enum value has another name on the wire",
      "Values travel by name. With @was(\"old\") new readers accept the old name, but old readers do not "
      "know the new "
      "one: a strict enum refuses it, an open one reads UNKNOWN. Keep the old name with @wire(\"old\")."},
     "enum-value-renamed",
     WIRE},
    {{WIRE_STRICT_VALUE_ADDED, DIAG_ERROR, "A strict enum has a new value",
      "Old readers of a strict enum refuse names they do not know. That is what strict asks for; an enum "
      "that may "
      "grow is an open one."},
     "strict-value-added",
     WIRE},
    {{WIRE_UNION_MEMBER_ADDED, DIAG_ERROR, "A union has a new member",
      "Old readers do not know it and decode a union that holds nothing (kind NONE): its value is lost to "
      "them. In C "
      "a switch over the kind misses a case, which -Wswitch reports and -Werror=switch refuses."},
     "union-member-added",
     WIRE | SOURCE},
    {{WIRE_UNION_MEMBER_REMOVED, DIAG_ERROR, "A union member is removed",
      "Old writers still send it. New readers decode a union that holds nothing (kind NONE): its value is "
      "lost."},
     "union-member-removed",
     WIRE | SOURCE},
    {{WIRE_RESERVED_NAME_BACK, DIAG_ERROR, "A reserved name comes back",
      "The name belonged to a field that was removed. Programs and stored events from that time still carry "
      "it with "
      "its old type and meaning, and would be read as the new field. Take another name."},
     "reserved-name-back",
     WIRE},
    {{WIRE_ERROR_RENAMED, DIAG_ERROR, "An error has another name on the wire",
      "Callers recognise an error by the name of its type. Old callers of a new service, and new callers of "
      "an old "
      "one, see a plain failure with a text instead of the typed error. Keep the old name with "
      "@wire(\"Old\")."},
     "error-renamed",
     WIRE},
    {{WIRE_RAISES_REMOVED, DIAG_ERROR, "A method no longer raises an error",
      "Old services still answer with it, and new callers see a plain failure instead of the typed error. In "
      "C the "
      "outcome's member, its kind and the handler's reply function are gone."},
     "raises-removed",
     WIRE | SOURCE},
    {{WIRE_METHOD_REMOVED, DIAG_ERROR, "A method is removed",
      "Old callers still call it; nobody answers, or commands wait in the stream for ever. Mark it "
      "@deprecated and "
      "keep it until nobody calls it."},
     "method-removed",
     WIRE | SOURCE},
    {{WIRE_METHOD_RENAMED, DIAG_ERROR, "A method has another name on the wire",
      "The name is part of the subject, so old callers do not reach new services nor the reverse. Keep the "
      "old name "
      "with @wire(\"old\")."},
     "method-renamed",
     WIRE},
    {{WIRE_METHOD_KIND_CHANGED, DIAG_ERROR, "An rpc becomes a command or the reverse",
      "They use different subjects and envelopes, and different functions in C. Add a method of another "
      "name."},
     "method-kind-changed",
     WIRE | SOURCE},
    {{WIRE_SERVICE_REMOVED, DIAG_ERROR, "A service is removed", "Its old callers are no longer answered."},
     "service-removed",
     WIRE | SOURCE},
    {{WIRE_SERVICE_RENAMED, DIAG_ERROR, "A service has another name on the wire",
      "The name is part of every subject, of durable subscriptions, of idempotency ids and of dead letters. "
      "Keep the "
      "old name with @wire(\"old\")."},
     "service-renamed",
     WIRE},
    {{WIRE_EVENT_REMOVED, DIAG_ERROR, "An event is removed",
      "Old programs still publish it and stored ones stay; nothing new can read them. Old subscribers wait "
      "for it in "
      "vain."},
     "event-removed",
     WIRE | SOURCE},
    {{WIRE_EVENT_RENAMED, DIAG_ERROR, "An event has another name on the wire",
      "The name is its subject: old subscribers do not receive what new programs publish, nor the reverse, "
      "and stored "
      "events are not found. Keep the old name with @wire(\"old.name\")."},
     "event-renamed",
     WIRE},
    {{WIRE_EVENT_VERSION_REMOVED, DIAG_ERROR, "A major version of an event is removed",
      "New subscribers have no handler for events of that version, which old programs publish and the stream "
      "keeps: "
      "they become dead letters. Declare the old version beside the new one until none are left."},
     "event-version-removed",
     WIRE | SOURCE},
    {{WIRE_LANES_ADDED, DIAG_ERROR, "A command gets priority lanes",
      "With @priority new callers send to the subject of a lane, where services of the old version do not "
      "listen: the "
      "command waits until a new one comes. Roll the services out first; they listen to both."},
     "lanes-added",
     WIRE},
    {{WIRE_LANES_REMOVED, DIAG_ERROR, "A command loses its priority lanes",
      "Old callers still send to the lanes, where services of the new version do not listen: the command is "
      "stored and "
      "nobody takes it. Roll the callers out first."},
     "lanes-removed",
     WIRE},
    {{WIRE_RENAMED_WAS, DIAG_ERROR, "A service, method, event or error is renamed with @was",
      "With @was(\"old\") new receivers still accept the older name: services answer to it, subscriptions "
      "take it, callers "
      "know the error by it. But who sends uses the new name, which old receivers do not know. Upgrade "
      "receivers first: "
      "services before their callers, subscribers before publishers, callers before services for errors. A "
      "rename that "
      "works in any order takes two steps: first `@wire(\"old\") @was(\"new\")` everywhere, then "
      "`@was(\"old\")`."},
     "renamed-was",
     WIRE},

    /* ---- source ---- */
    {{SOURCE_PACKAGE_REMOVED, DIAG_ERROR, "A package is removed",
      "Its header is gone, and with it everything it declares."},
     "package-removed",
     SOURCE},
    {{SOURCE_PREFIX_CHANGED, DIAG_ERROR, "The C names of a package begin differently",
      "The package was renamed or has another @c_name. Every name in its header changes; nothing on the wire "
      "does. "
      "@c_name(\"old\") keeps the old prefix."},
     "prefix-changed",
     SOURCE},
    {{SOURCE_HEADER_MOVED, DIAG_ERROR, "A header has another path",
      "A header is named after its .aegis file, so #include lines and imports no longer find it."},
     "header-moved",
     SOURCE},
    {{SOURCE_TYPE_REMOVED, DIAG_ERROR, "A struct, union, enum or error is removed",
      "C code and other .aegis files that use it no longer compile. What travels is not concerned: that "
      "follows from "
      "the fields that were of this type, which are reported where they are."},
     "type-removed",
     SOURCE},
    {{SOURCE_TYPE_RENAMED, DIAG_ERROR, "A struct, union, enum or error has another C name",
      "The names of structs, unions and enums do not travel, so nothing else breaks."},
     "type-renamed",
     SOURCE},
    {{SOURCE_DECLARATION_KIND_CHANGED, DIAG_ERROR, "A name is declared as something else",
      "A struct became a union, an enum a struct and so on; code that uses it no longer compiles."},
     "declaration-kind-changed",
     SOURCE},
    {{SOURCE_CONSTANT_REMOVED, DIAG_ERROR, "A constant is removed",
      "C code and other .aegis files that use it no longer compile."},
     "constant-removed",
     SOURCE},
    {{SOURCE_CONSTANT_TYPE_CHANGED, DIAG_ERROR, "A constant has another type",
      "Its C expression has another type, such as a string where a number was."},
     "constant-type-changed",
     SOURCE},
    {{SOURCE_ALIAS_REMOVED, DIAG_ERROR, "An alias is removed",
      "Other .aegis files that use it no longer compile. It has no name in C."},
     "alias-removed",
     SOURCE},
    {{SOURCE_FIELD_REMOVED, DIAG_ERROR, "A field is removed that could be left out",
      "Both versions understand each other: the field was optional or had a default. C code that uses the "
      "member no "
      "longer compiles. Keep the name with `reserved \"name\";` so that it does not come back with another "
      "meaning."},
     "field-removed",
     SOURCE},
    {{SOURCE_MEMBER_RENAMED, DIAG_ERROR, "A field has another name in C only",
      "On the wire it keeps its name, or one the other side accepts."},
     "member-renamed",
     SOURCE},
    {{SOURCE_C_TYPE_CHANGED, DIAG_ERROR, "A field has another type in C",
      "It travels as before, but C code that assigns, passes or prints the member no longer compiles "
      "cleanly."},
     "c-type-changed",
     SOURCE},
    {{SOURCE_ENUM_CONSTANT_RENAMED, DIAG_ERROR, "An enum value has another name in C only",
      "On the wire it keeps its name, or one the other side accepts."},
     "enum-constant-renamed",
     SOURCE},
    {{SOURCE_SERVICE_PREFIX_CHANGED, DIAG_ERROR, "The C names of a service begin differently",
      "The service was renamed, or has another @c_name, while its name on the wire stays."},
     "service-prefix-changed",
     SOURCE},
    {{SOURCE_METHOD_C_NAME_CHANGED, DIAG_ERROR, "A method has another name in C only",
      "Its functions and its member in the ops table are called differently; on the wire it keeps its name."},
     "method-c-name-changed",
     SOURCE},
    {{SOURCE_RAISES_ADDED, DIAG_ERROR, "A method raises another error",
      "A switch over the outcome misses a case, which -Wswitch reports and -Werror=switch, recommended for "
      "users, "
      "refuses. On the wire old callers see a plain failure with the error's name and text."},
     "raises-added",
     SOURCE},
    {{SOURCE_RESULT_TYPE_CHANGED, DIAG_ERROR, "The result of a method has another C type",
      "It is another struct, or was written in place before or is now. Its fields are compared by "
      "themselves."},
     "result-type-changed",
     SOURCE},
    {{SOURCE_PROGRESS_CHANGED, DIAG_ERROR, "A command gains or loses its progress",
      "The functions to wait and to run take a callback for progress or do not. On the wire progress that "
      "nobody "
      "expects is ignored."},
     "progress-changed",
     SOURCE},
    {{SOURCE_EVENT_C_NAME_CHANGED, DIAG_ERROR, "An event's C names now mean another version",
      "The highest major version has the plain names; the one that had them is called ..._v1 now, its "
      "handler too. "
      "That is how a new major version is meant to arrive; allow this rule when it does."},
     "event-c-name-changed",
     SOURCE},
    {{SOURCE_MEMBER_ORDER, DIAG_WARNING, "Members stand in another order",
      "Initializers without names, {1, 2}, now set other members, perhaps without a word of the compiler. "
      "Designated ones, {.a = 1}, do not mind, nor does the wire."},
     "member-order",
     SOURCE},
    {{SOURCE_INIT_REMOVED, DIAG_ERROR, "A type no longer has its _INIT",
      "The last default other than zero is gone, and with it the macro. {0} does the same now."},
     "init-removed",
     SOURCE},

    /* ---- behaviour ---- */
    {{BEHAVIOUR_DEFAULT_CHANGED, DIAG_ERROR, "A default changes",
      "A message without the field means one value to old readers and another to new ones, and a program "
      "that does "
      "not set it sends another."},
     "default-changed",
     BEHAVIOUR},
    {{BEHAVIOUR_DEFAULT_ADDED, DIAG_ERROR, "An optional field gets a default",
      "A message without it meant absent; new readers see the default, as if it had been sent."},
     "default-added",
     BEHAVIOUR},
    {{BEHAVIOUR_DEFAULT_REMOVED, DIAG_ERROR, "A default makes way for an optional field",
      "A message without it means absent to new readers, while old ones go on reading the default. In C the "
      "member "
      "has another type, except a string, which may now be NULL."},
     "default-removed",
     BEHAVIOUR},
    {{BEHAVIOUR_TIMEOUT_SHORTENED, DIAG_ERROR, "A timeout becomes shorter",
      "Calls that were answered in time may now fail. What counts is the caller's version."},
     "timeout-shortened",
     BEHAVIOUR},
    {{BEHAVIOUR_RETRIES_CHANGED, DIAG_ERROR, "The number of retries changes",
      "Failed attempts are given up earlier, or repeated more often than handlers may expect."},
     "retries-changed",
     BEHAVIOUR},
    {{BEHAVIOUR_BACKOFF_CHANGED, DIAG_WARNING, "The pauses between retries change",
      "A failed attempt is repeated sooner or later than before."},
     "backoff-changed",
     BEHAVIOUR},
    {{BEHAVIOUR_IDEMPOTENT_REMOVED, DIAG_ERROR, "A method is no longer idempotent",
      "Old callers still repeat a call that was lost, which may now do the work twice."},
     "idempotent-removed",
     BEHAVIOUR},
    {{BEHAVIOUR_IDEMPOTENT_ADDED, DIAG_WARNING, "A method becomes idempotent",
      "New callers repeat a call that was lost, also at services of the old version, which did not promise "
      "to bear "
      "it."},
     "idempotent-added",
     BEHAVIOUR},
    {{BEHAVIOUR_HEDGE_CHANGED, DIAG_WARNING, "A hedge is added, removed or changed",
      "Services receive more or fewer second requests, and callers wait longer or shorter for the slow "
      "ones."},
     "hedge-changed",
     BEHAVIOUR},
    {{BEHAVIOUR_PRIORITY_CHANGED, DIAG_ERROR, "The priority of a command changes",
      "Commands that were sent without one are taken before or after others than until now."},
     "priority-changed",
     BEHAVIOUR},
    {{BEHAVIOUR_DELIVERY_CHANGED, DIAG_ERROR, "What a command promises about repeats changes",
      "@at_least_once, @at_most_once and @exactly_once differ in what happens to an attempt that was cut "
      "short: "
      "handlers have to be written for it."},
     "delivery-changed",
     BEHAVIOUR},
    {{BEHAVIOUR_IDEMPOTENCY_KEY_CHANGED, DIAG_ERROR, "The idempotency key of a command changes",
      "The id of a command follows from service, command and key. During the upgrade the same command sent "
      "by an old "
      "and by a new caller has two ids, and runs twice."},
     "idempotency-key-changed",
     BEHAVIOUR},
    {{BEHAVIOUR_ERROR_CODE_CHANGED, DIAG_ERROR, "The number of an error changes",
      "It decides the status that callers see and what counts as worth repeating."},
     "error-code-changed",
     BEHAVIOUR},
    {{BEHAVIOUR_CONSTANT_VALUE_CHANGED, DIAG_ERROR, "A constant has another value",
      "Programs that were built with the old one disagree until they are built again."},
     "constant-value-changed",
     BEHAVIOUR},
    {{BEHAVIOUR_ENUM_NUMBER_CHANGED, DIAG_WARNING, "An enum value has another number in C",
      "Numbers follow the order of declaration and never travel, but a program that stored them itself reads "
      "other "
      "values now. Add new values at the end."},
     "enum-number-changed",
     BEHAVIOUR},
    {{BEHAVIOUR_ENUM_NOW_STRICT, DIAG_ERROR, "An enum becomes strict",
      "A name that is not known was read as UNKNOWN; new readers refuse the message."},
     "enum-now-strict",
     BEHAVIOUR},
    {{BEHAVIOUR_ENUM_NOW_OPEN, DIAG_WARNING, "An enum is no longer strict",
      "A name that is not known was refused before any handler ran; now handlers see UNKNOWN."},
     "enum-now-open",
     BEHAVIOUR},
    {{BEHAVIOUR_FLOAT_PRECISION, DIAG_ERROR, "A float changes its precision",
      "Both travel as f64. Whoever reads an f32 rounds, and refuses numbers above about 3.4e38."},
     "float-precision",
     BEHAVIOUR},
    {{BEHAVIOUR_UNIT_CHANGED, DIAG_ERROR, "An integer becomes a duration or the reverse",
      "A duration travels as an integer of nanoseconds. Both versions read the other's number, but it may "
      "have meant "
      "something else, such as milliseconds."},
     "unit-changed",
     BEHAVIOUR},
    {{BEHAVIOUR_SUBSCRIPTION_REMOVED, DIAG_ERROR, "A service no longer subscribes to an event",
      "Its handler is gone from the ops table. The durable subscription stays on the server until someone "
      "deletes "
      "it."},
     "subscription-removed",
     BEHAVIOUR | SOURCE},
    {{BEHAVIOUR_DURABLE_RENAMED, DIAG_ERROR, "A durable subscription has another name",
      "Its position is stored under that name. Under the new one it starts again, with all stored events or "
      "only with "
      "new ones, and the old one stays behind. Keep the old name with @wire(\"old\"), which `subscribes` "
      "takes."},
     "durable-renamed",
     BEHAVIOUR},
    {{BEHAVIOUR_START_CHANGED, DIAG_ERROR, "A subscription starts elsewhere",
      "@from decides where a subscription begins that does not exist yet, as in a new environment. One that "
      "exists "
      "stays as it is."},
     "start-changed",
     BEHAVIOUR},
    {{BEHAVIOUR_BROADCAST_CHANGED, DIAG_ERROR, "A subscription is shared instead of broadcast or the reverse",
      "With @broadcast every instance receives every event, live; without it one instance does, and events "
      "are kept "
      "for it."},
     "broadcast-changed",
     BEHAVIOUR},
    {{BEHAVIOUR_ORDER_LOST, DIAG_ERROR, "A subscription is no longer ordered",
      "Events may be handled out of order and at the same time."},
     "order-lost",
     BEHAVIOUR},
    {{BEHAVIOUR_PUBLISHES_REMOVED, DIAG_ERROR, "A service no longer publishes an event",
      "Its subscribers wait in vain. If another service publishes it now, allow this rule."},
     "publishes-removed",
     BEHAVIOUR},
    {{BEHAVIOUR_VERSION_WENT_BACK, DIAG_ERROR, "A version is lower than before",
      "Versions of services and events only rise; something was undone or merged wrongly."},
     "version-went-back",
     BEHAVIOUR},
    {{BEHAVIOUR_RESERVATION_DROPPED, DIAG_WARNING, "A name is no longer reserved",
      "Nothing breaks by that alone, but the name may now come back with another meaning while old messages "
      "still "
      "carry it."},
     "reservation-dropped",
     BEHAVIOUR},
    {{BEHAVIOUR_HANDLER_ADDED, DIAG_ERROR, "A subscription takes another event",
      "Its pattern matches an event that is new, so the ops table has a new handler. C code that does not "
      "set it compiles "
      "as before, but the service refuses to start, naming the handler."},
     "handler-added",
     BEHAVIOUR},
};

const diag_rule *diag_rules_breaking(size_t *count)
{
    *count = sizeof rules / sizeof rules[0];
    return rules;
}
