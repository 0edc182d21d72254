/* Lessons of 5xx: services, events, and what they are called on the bus. */
#include "diag_lessons.h"

static const diag_lesson lessons[] = {
    {501,
     "NATS takes subjects apart at dots and reads * and > as wildcards, and its service protocol (ADR-32) "
     "refuses other "
     "names. Messages about commands go to commands.progress, commands.callback and commands.cancel, so no "
     "service can be "
     "called that.",
     "@wire(\"order service\") service Orders { rpc count() -> { n: u32; }; }\n",
     "@wire(\"order-service\") service Orders { rpc count() -> { n: u32; }; }\n"},
    {502,
     "Both would be published to one subject, and a subscriber could not tell which of them it got. Versions "
     "with another "
     "major number are told apart.",
     "event order.created { id: uuid; }\nevent order.created { id: uuid; customer: string; }\n",
     "event order.created { id: uuid; }\n@version(\"2.0\") event order.created { id: uuid; customer: string; "
     "}\n"},
    {503,
     "Peers and tools compare versions, and can only do that when all are written alike: three numbers for a "
     "service, two "
     "or three for an event, without leading zeros.",
     "@version(\"1\") service Orders { rpc count() -> { n: u32; }; }\n",
     "@version(\"1.0.0\") service Orders { rpc count() -> { n: u32; }; }\n"},
    {504,
     "Most often the name is misspelt, and the handler would wait for ever. Events that nobody has declared "
     "can be received "
     "raw, if that is meant.",
     "event order.created { id: uuid; }\nservice Mail { subscribes order.craeted; }\n",
     "event order.created { id: uuid; }\nservice Mail { subscribes order.created; }\n"},
    {505,
     "Each list says one thing about a service, and tools draw maps from it. A result is a struct so that it "
     "can grow a "
     "field later without breaking anybody.",
     "enum Status { pending, paid }\nservice Orders { rpc status(id: uuid) -> Status; }\n",
     "enum Status { pending, paid }\nservice Orders { rpc status(id: uuid) -> { value: Status; }; }\n"},
    {506,
     "Clients in other languages, gateways and dashboards know what 404 and 503 are, and whether to try "
     "again.",
     "error Teapot(18) { temperature: f32; }\n", "error Teapot(418) { temperature: f32; }\n"},
    {507,
     "An event that two subscriptions of a service take would be handled twice. Anything else that is listed "
     "twice is a "
     "slip that hides another.",
     "event order.created { id: uuid; }\nservice Mail {\n  subscribes order.created;\n  subscribes "
     "order.*;\n}\n",
     "event order.created { id: uuid; }\nservice Mail {\n  subscribes order.*;\n}\n"},
    {508,
     "NATS compares whole parts between dots. What may follow a wildcard in NATS is kept out, so that a "
     "durable's name and a "
     "handler's name say what they take.",
     "event order.created { id: uuid; }\nservice Mail { subscribes order; }\n",
     "event order.created { id: uuid; }\nservice Mail { subscribes order.*; }\n"},
    {509,
     "They would get each other's messages, or share one place in a stream, in production and not before. "
     "aegisc looks at all "
     "packages that a file imports.",
     "service Orders { rpc count() -> { n: u32; }; }\n@wire(\"Orders\") service Sales { rpc sum() -> { n: "
     "u32; }; }\n",
     "service Orders { rpc count() -> { n: u32; }; }\n@wire(\"sales\") service Sales { rpc sum() -> { n: "
     "u32; }; }\n"},
    {510,
     "A bound is a promise that anything within it works. Where one bound is too generous, the message fails "
     "for the one user "
     "who needs it.",
     "service Files { rpc store(data: bytes(..2000000)) -> { id: uuid; }; }\n",
     "service Files { rpc store(part: u32, data: bytes(..500000)) -> { id: uuid; }; }\n"},
    {511,
     "Two programs that never heard of each other meet on the bus. If one of the files should know the "
     "other, let it import "
     "that; if they are used on different buses, there is nothing to do.",
     "// orders.aegis\nevent order.created { id: uuid; }\n\n// desk.aegis\nevent order.created { id: uuid; "
     "clerk: string; }\n",
     "// orders.aegis\nevent order.created { id: uuid; }\n\n// desk.aegis\nevent desk.order_created { id: "
     "uuid; clerk: string; }\n"},
};

const diag_lesson *diag_lessons_bus(size_t *count)
{
    *count = sizeof lessons / sizeof lessons[0];
    return lessons;
}
