/* The rules of `aegisc lint`: what someone who has designed many interfaces would say about this one. None is
 * about a mistake; what is one, check reports. docs/LINT.md shows the table; a test keeps it in step.
 */
#include "diag_rules.h"

static const diag_rule rules[] = {
    /* ---- names and docs ---- */
    {{LINT_MISSING_DOCS, DIAG_WARNING, "A declaration has no doc comment",
      "Services, methods, events, errors and types are read by people who did not write them. A line that "
      "begins with "
      "/// before the declaration becomes its documentation, in C too."},
     "missing-docs",
     RULE_LINT},
    {{LINT_TYPE_CASE, DIAG_WARNING, "The name of a type is not PascalCase",
      "Structs, unions, enums, errors, aliases and services are written like OrderLine. In C they become "
      "order_line, so "
      "a name in another style looks the same there and odd here."},
     "type-case",
     RULE_LINT},
    {{LINT_MEMBER_CASE, DIAG_WARNING, "The name of a member is not snake_case",
      "Fields, parameters, methods, enum values and the parts of event names are written like order_line: "
      "they keep "
      "their spelling on the wire and in C. @wire(\"orderLine\") gives another name to what travels."},
     "member-case",
     RULE_LINT},
    {{LINT_CONSTANT_CASE, DIAG_WARNING, "The name of a constant is not UPPER_CASE",
      "Constants are written like MAX_ITEMS, as they become macros of that form."},
     "constant-case",
     RULE_LINT},
    {{LINT_EVENT_TENSE, DIAG_WARNING, "The name of an event is not in the past tense",
      "An event tells what has happened: order.created. A name such as order.create reads like a request, "
      "which would "
      "be a command."},
     "event-tense",
     RULE_LINT},
    {{LINT_LONG_NAME, DIAG_WARNING, "A name is very long",
      "Names of more than 40 characters grow further in C, where package, service and method are joined, and "
      "past what "
      "fits a line. The context says much already: in service Orders `create` is enough."},
     "long-name",
     RULE_LINT},
    {{LINT_VALUE_PREFIX, DIAG_WARNING, "An enum value repeats the name of its enum",
      "In C the constant begins with the enum's name already: value status_paid of Status becomes "
      "SHOP_STATUS_STATUS_PAID. "
      "Write paid."},
     "value-prefix",
     RULE_LINT},
    {{LINT_NEGATED_BOOL, DIAG_WARNING, "A bool is named by what is not",
      "disable_cache = false has to be read twice. Name it by what is: cache, with a default of true."},
     "negated-bool",
     RULE_LINT},

    /* ---- sizes ---- */
    {{LINT_UNBOUNDED_TEXT, DIAG_WARNING, "A string or bytes in a request has no upper bound",
      "Whoever calls decides how long it is, up to the message limit of the server. A bound, string(..200), "
      "is checked "
      "before the handler runs, and said to the caller with the field's path."},
     "unbounded-text",
     RULE_LINT},
    {{LINT_UNBOUNDED_LIST, DIAG_WARNING, "A list or map in a request has no upper bound",
      "Whoever calls decides how many entries there are, and how long the handler takes. Write [T](..100)."},
     "unbounded-list",
     RULE_LINT},
    {{LINT_TOO_MANY_FIELDS, DIAG_WARNING, "A struct has very many fields",
      "More than 32 fields seldom belong to one thing. Group what changes together into structs of its own."},
     "too-many-fields",
     RULE_LINT},
    {{LINT_TOO_MANY_PARAMETERS, DIAG_WARNING, "A method has very many parameters",
      "With more than 8 parameters, group what belongs together into a struct."},
     "too-many-parameters",
     RULE_LINT},
    {{LINT_DEEP_NESTING, DIAG_WARNING, "A type is nested deeply",
      "Lists of maps of lists are hard to read in C as well. A struct between gives the inner part a name "
      "and room to "
      "grow."},
     "deep-nesting",
     RULE_LINT},
    {{LINT_MANY_BOOLS, DIAG_WARNING, "A method takes several bools",
      "With three bools or more half of the combinations make no sense, and nobody knows which. An enum "
      "names those that "
      "do."},
     "many-bools",
     RULE_LINT},
    {{LINT_STATUS_IN_RESULT, DIAG_WARNING, "A result says whether the call failed",
      "A field such as ok, success or error in a result is forgotten by callers and hidden from retries, "
      "metrics and "
      "traces. Declare an error and raise it: the outcome then makes callers look."},
     "status-in-result",
     RULE_LINT},

    /* ---- types ---- */
    {{LINT_FLOAT_MONEY, DIAG_WARNING, "A float holds what looks like money",
      "Binary fractions cannot hold 0.10. Use decimal, or an integer of the smallest unit whose name says "
      "so: "
      "price_cents."},
     "float-money",
     RULE_LINT},
    {{LINT_PLAIN_TIMESTAMP, DIAG_WARNING, "A string or number holds what looks like a time",
      "timestamp travels as RFC 3339 in UTC and is nanoseconds in C; a string or number leaves format, zone "
      "and unit to "
      "every program."},
     "plain-timestamp",
     RULE_LINT},
    {{LINT_TEXT_UUID, DIAG_WARNING, "A string holds what looks like a uuid",
      "uuid is checked, travels as the same text and takes 16 bytes in C. When an id is something else, give "
      "it its "
      "bounds: string(1..64)."},
     "text-uuid",
     RULE_LINT},
    {{LINT_PLAIN_DURATION, DIAG_WARNING, "A number holds what looks like a duration",
      "duration has one unit on the wire, nanoseconds, and literals such as 250ms. A number leaves the unit "
      "to its name "
      "or to luck."},
     "plain-duration",
     RULE_LINT},
    {{LINT_ANY_TYPE, DIAG_WARNING, "A field can be anything",
      "any and raw hide from everyone what is sent: nothing is checked, documented or compared by `aegisc "
      "breaking`. A "
      "union names the shapes there are."},
     "any-type",
     RULE_LINT},
    {{LINT_SINGLE_VALUE, DIAG_WARNING, "An enum or union with one choice",
      "There is nothing to choose. Either others will come, which a comment can say, or it can go."},
     "single-value",
     RULE_LINT},
    {{LINT_DUPLICATE_TYPE, DIAG_WARNING, "Two structs have the same fields",
      "One of them would do, unless they only look alike today and will part."},
     "duplicate-type",
     RULE_LINT},

    /* ---- evolution ---- */
    {{LINT_STRICT_OUTPUT, DIAG_WARNING, "A strict enum is in an event or result",
      "Whoever reads it refuses values it does not know, so that adding one breaks every reader that is not "
      "upgraded "
      "first. An open enum reads UNKNOWN."},
     "strict-output",
     RULE_LINT},
    {{LINT_EVENT_VERSION, DIAG_WARNING, "An event has no version",
      "It is 1.0 then. Written out, @version(\"1.0\") reminds whoever changes the event that its major "
      "version decides who "
      "can read it."},
     "event-version",
     RULE_LINT},
    {{LINT_SERVICE_VERSION, DIAG_WARNING, "A service has no version",
      "It is 1.0.0 then, for ever: the registry and monitoring show it."},
     "service-version",
     RULE_LINT},
    {{LINT_DEPRECATED_USED, DIAG_WARNING, "Something deprecated is still used",
      "What is not deprecated itself depends on it, so it cannot go."},
     "deprecated-used",
     RULE_LINT},
    {{LINT_UNUSED_DECLARATION, DIAG_WARNING, "A declaration is never used",
      "Nothing in the files that were given uses it. Files that declare neither services nor events are "
      "there for "
      "others and not looked at."},
     "unused-declaration",
     RULE_LINT},
    {{LINT_ERROR_NEVER_RAISED, DIAG_WARNING, "An error is never raised",
      "No method in the files that were given lists it behind `raises`, so no handler can answer with it."},
     "error-never-raised",
     RULE_LINT},
    {{LINT_EVENT_NEVER_PUBLISHED, DIAG_WARNING, "An event is never published",
      "No service in the files that were given lists it behind `publishes`, so nobody can see where it comes "
      "from."},
     "event-never-published",
     RULE_LINT},

    /* ---- calls ---- */
    {{LINT_RPC_TIMEOUT, DIAG_WARNING, "An rpc has no timeout of its own",
      "It is 5 s then. How long a caller waits is part of what a method promises: write what fits it."},
     "rpc-timeout",
     RULE_LINT},
    {{LINT_SLOW_RPC, DIAG_WARNING, "An rpc may take longer than a minute",
      "The caller waits, and a restart of either side loses the work. A command is stored, repeated and "
      "reports its "
      "progress."},
     "slow-rpc",
     RULE_LINT},
    {{LINT_READ_NOT_IDEMPOTENT, DIAG_WARNING, "An rpc that reads is not idempotent",
      "By its name, get_, list_, find_ and the like, it changes nothing. @idempotent lets a lost call be "
      "repeated."},
     "read-not-idempotent",
     RULE_LINT},
    {{LINT_READ_AS_COMMAND, DIAG_WARNING, "A command that reads",
      "By its name it changes nothing, so there is nothing to store and repeat: an rpc is answered sooner."},
     "read-as-command",
     RULE_LINT},
    {{LINT_COMMAND_KEY, DIAG_WARNING, "A command has no idempotency key",
      "A caller that did not see the answer cannot send the command again without the risk of doing it "
      "twice. "
      "@idempotency_key(parameter) names what makes the second the same command."},
     "command-key",
     RULE_LINT},
    {{LINT_MANY_RETRIES, DIAG_WARNING, "A method is retried very often",
      "What failed 20 times with growing pauses will not succeed by itself, and holds up what waits behind "
      "it."},
     "many-retries",
     RULE_LINT},
    {{LINT_ALL_URGENT, DIAG_WARNING, "Every command of a service is urgent",
      "Priorities order commands among themselves: when all are high or critical, none is."},
     "all-urgent",
     RULE_LINT},
    {{LINT_SUBSCRIBES_ALL, DIAG_WARNING, "A service subscribes to every event",
      "`>` takes events that nobody has thought of yet, in whatever number. Name the domains: order.*, "
      "payment.*."},
     "subscribes-all",
     RULE_LINT},

    /* ---- comments that allow ---- */
    {{LINT_ALLOW_MALFORMED, DIAG_ERROR, "A comment for lint that cannot be read",
      "It is written `// aegis-lint: allow RULE because REASON`, several rules joined by commas; before what "
      "it is "
      "about, or behind it on the same line. Before `aegis 1;` it is about the file."},
     "allow-malformed",
     RULE_LINT},
    {{LINT_ALLOW_REASON, DIAG_ERROR, "A rule is allowed without a reason",
      "Whoever reads it next wants to know why: `because ...` with a few words."},
     "allow-reason",
     RULE_LINT},
    {{LINT_ALLOW_UNUSED, DIAG_WARNING, "A rule is allowed where it finds nothing",
      "What it was about has changed; the comment can go."},
     "allow-unused",
     RULE_LINT},
};

const diag_rule *diag_rules_lint(size_t *count)
{
    *count = sizeof rules / sizeof rules[0];
    return rules;
}
