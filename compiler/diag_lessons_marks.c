/* Lessons of 6xx, annotations, and of 9xx, files. */
#include "diag_lessons.h"

static const diag_lesson lessons[] = {
    {601, "An annotation that is passed over is a promise that nobody keeps.",
     "service Orders { @timout(2s) rpc count() -> { n: u32; }; }\n",
     "service Orders { @timeout(2s) rpc count() -> { n: u32; }; }\n"},
    {602, "It would have no effect there, and a reader would think that it has.",
     "@timeout(2s) service Orders { rpc count() -> { n: u32; }; }\n",
     "service Orders { @timeout(2s) rpc count() -> { n: u32; }; }\n"},
    {603, "Which of the two counts would be anybody's guess.",
     "service Orders { @timeout(2s) @timeout(5s) rpc count() -> { n: u32; }; }\n",
     "service Orders { @timeout(5s) rpc count() -> { n: u32; }; }\n"},
    {604, "Durations have units, so that nobody has to know whether 2 is seconds.",
     "service Orders { @timeout(2) rpc count() -> { n: u32; }; }\n",
     "service Orders { @timeout(2s) rpc count() -> { n: u32; }; }\n"},
    {605,
     "A call that is sent again may run twice, a pause longer than the timeout is never over, events that "
     "are handled at "
     "once are not handled in order: what two annotations say together has to be possible.",
     "service Orders { @retry(max: 3) rpc place(id: uuid) -> {}; }\n",
     "service Orders { @idempotent @retry(max: 3) rpc place(id: uuid) -> {}; }\n"},
    {606,
     "The key decides whether two commands are one. A key that may be absent would make all commands without "
     "it the same.",
     "service Orders { @idempotency_key(batch) command pack(batch_id: uuid); }\n",
     "service Orders { command pack(batch_id: uuid); }\n"},
    {607,
     "What is listed as final is one of the errors behind 'raises'; without a list all of them are final.",
     "error Closed { }\nerror Busy { }\n"
     "service Orders { @retry(max: 3, final: [Closed]) command pack(id: uuid) raises Busy; }\n",
     "error Closed { }\nerror Busy { }\n"
     "service Orders { @retry(max: 3, final: [Closed]) command pack(id: uuid) raises Busy, Closed; }\n"},
    {620,
     "A pattern is compiled when code is generated, so that no service starts with one that cannot work.",
     "struct Item { @pattern(\"^[A-Z+$\") sku: string(1..32); }\n",
     "struct Item { @pattern(\"^[A-Z]+$\") sku: string(1..32); }\n"},
    {621,
     "Matching takes one step for each byte, whatever the pattern and the text. That is bought with a table, "
     "which has to "
     "have an end.",
     "struct Item { @pattern(\"^.*a.{12}$\") sku: string; }\n",
     "struct Item { @pattern(\"a\") sku: string(13..); }\n"},
    {622, "It looks like a check and is none, or like a type and nothing can be of it.",
     "struct Item { @pattern(\".*\") sku: string; }\n", "struct Item { sku: string; }\n"},
    {901, "A path on the command line is taken as it is; imports alone are looked for along -I.",
     "$ aegisc check idl/shpo.aegis\n", "$ aegisc check idl/shop.aegis\n"},
};

const diag_lesson *diag_lessons_marks(size_t *count)
{
    *count = sizeof lessons / sizeof lessons[0];
    return lessons;
}
