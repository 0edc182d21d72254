"""Is what a service tells of itself what NATS' service protocol asks for?

Reads one JSON document a line and exits with 1 at the first that its schema refuses. The schemas say, in our words, what
those of https://github.com/nats-io/jsm.go (schema_source/micro/v1) say, and ask besides for what ADR-32 of
https://github.com/nats-io/nats-architecture-and-design lists as fields: the stricter of the two counts. Between revisions
the first wanted `subjects` where later ones have `endpoints`; both are asked for.
"""

import json
import sys

import jsonschema

TEXT = {"type": "string"}
TEXTS = {"type": "object", "additionalProperties": TEXT}
SUBJECT = {"type": "string", "minLength": 1, "pattern": r"^[^\s]+$"}
NAME = {"type": "string", "minLength": 1, "pattern": "^[a-zA-Z0-9_-]+$"}
COUNT = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
# https://semver.org, "is there a suggested regular expression"
SEMVER = {
    "type": "string",
    "minLength": 5,
    "pattern": r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
    r"(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$",
}
# RFC 3339, in UTC
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$"}


def table(**members):
    return {"type": "object", "required": list(members), "properties": members}


def rows(of):
    return {"type": "array", "items": of}


def answer(kind, **members):
    return table(type={"const": "io.nats.micro.v1." + kind}, name=NAME, id={"type": "string", "minLength": 1},
                 version=SEMVER, metadata=TEXTS, **members)


ENDPOINT = table(name=NAME, subject=SUBJECT, queue_group=TEXT, metadata=TEXTS)
CALLER = table(source=TEXT, requests=COUNT, errors=COUNT)
PAIR = {"type": "array", "items": COUNT, "minItems": 2, "maxItems": 2}
LATENCY = table(p50=COUNT, p99=COUNT, buckets=rows(PAIR))
STAT = table(name=NAME, subject=SUBJECT, queue_group=TEXT, num_requests=COUNT, num_errors=COUNT, last_error=TEXT,
             processing_time=COUNT, average_processing_time=COUNT, data=table(callers=rows(CALLER), latency=LATENCY))
SCHEMAS = {
    "io.nats.micro.v1.ping_response": answer("ping_response"),
    "io.nats.micro.v1.info_response": answer("info_response", description=TEXT, endpoints=rows(ENDPOINT),
                                             subjects=rows(SUBJECT)),
    "io.nats.micro.v1.stats_response": answer("stats_response", started=TIME, endpoints=rows(STAT)),
}


def unique(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError(f"a key comes twice: {names}")
    return dict(pairs)


def main():
    count = 0
    for line in sys.stdin:
        document = json.loads(line, object_pairs_hook=unique)
        jsonschema.Draft7Validator(SCHEMAS[document["type"]]).validate(document)
        count += 1
    if count == 0:
        raise ValueError("nothing to look at")


main()
