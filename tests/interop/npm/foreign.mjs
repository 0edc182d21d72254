// What NATS' own client for JavaScript makes of our services, and what our clients make of a service written with it. It
// knows of Aegis what idl/WIRE.md says and nothing else.
//
//     foreign.mjs ask URL     discover the depot, check each answer, call, run a command, read the registry
//     foreign.mjs serve URL   be a depot, until it is ended
//     foreign.mjs relay URL   call the courier, who calls the depot with the client that aegisc generated
import assert from "node:assert/strict";
import { connect, headers } from "@nats-io/transport-node";
import { Svcm } from "@nats-io/services";
import { Kvm } from "@nats-io/kv";

const [what, url] = process.argv.slice(2);
const nc = await connect({ servers: url, name: "foreign" });

// ---- envelopes

const now = () => new Date().toISOString().replace("Z", "000+00:00");
const base = (more) => ({
  message_id: crypto.randomUUID(),
  trace_id: crypto.randomUUID(),
  correlation_id: null,
  timestamp: now(),
  source: "foreign-1",
  target: null,
  ...more,
});
const seconds = (n) => JSON.rawJSON ? JSON.rawJSON(n.toFixed(1)) : n;
const encode = (value) => new TextEncoder().encode(JSON.stringify(value));

async function call(service, method, params) {
  const request = base({ target: service, method, params, timeout: seconds(5) });
  const answer = (await nc.request(`rpc.${service}.${method}`, encode(request), { timeout: 5000 })).json();
  assert.equal(answer.correlation_id, request.message_id);
  assert.equal(answer.trace_id, request.trace_id);
  assert.equal(typeof answer.success, "boolean");
  return answer;
}

// ---- what ADR-32 wants of answers: for each field what it is

const text = (v) => typeof v === "string";
const named = (v) => text(v) && /^[a-zA-Z0-9_-]+$/.test(v);
const count = (v) => Number.isInteger(v) && v >= 0;
const texts = (v) => v !== null && typeof v === "object" && Object.values(v).every(text);
const time = (v) => text(v) && !Number.isNaN(Date.parse(v));
const semver = (v) => text(v) && /^\d+\.\d+\.\d+([-+].+)?$/.test(v);
const list = (shape) => (v) => Array.isArray(v) && v.every((e) => (fits(e, shape), true));
const ENDPOINT = { name: named, subject: text, queue_group: text, metadata: texts };
const STAT = {
  name: named, subject: text, queue_group: text, num_requests: count, num_errors: count, last_error: text,
  processing_time: count, average_processing_time: count,
};
const common = (kind) => ({
  type: (v) => v === `io.nats.micro.v1.${kind}_response`, name: named, id: text, version: semver, metadata: texts,
});
const ANSWERS = {
  ping: common("ping"),
  info: { ...common("info"), description: text, endpoints: list(ENDPOINT) },
  stats: { ...common("stats"), started: time, endpoints: list(STAT) },
};
function fits(value, shape) {
  for (const [field, good] of Object.entries(shape))
    assert.ok(good(value[field]), `${field}: ${JSON.stringify(value[field])} in ${JSON.stringify(value)}`);
}

async function discover(name, id) {
  const client = new Svcm(nc).client({ maxWait: 500 });
  const found = {};
  for (const verb of ["ping", "info", "stats"]) {
    found[verb] = [];
    for await (const answer of await client[verb](name, id)) {
      fits(answer, ANSWERS[verb]);
      found[verb].push(answer);
    }
  }
  return found;
}

// ---- ask

async function runCommand(service, command, payload) {
  const envelope = base({
    target: service, command, payload, priority: "normal", max_retries: 0, timeout: seconds(60),
  });
  const progress = [];
  const updates = nc.subscribe(`commands.progress.${envelope.message_id}`);
  const end = nc.subscribe(`commands.callback.${envelope.message_id}`, { max: 1, timeout: 20000 });
  (async () => {
    for await (const m of updates) progress.push(m.json());
  })();
  await nc.flush();
  const h = headers();
  h.set("Nats-Msg-Id", envelope.message_id);
  const stored = (await nc.request(`commands.${service}.${command}`, encode(envelope), { headers: h, timeout: 5000 })).json();
  assert.equal(stored.stream, "COMMANDS");
  for await (const m of end) {
    updates.unsubscribe();
    return { id: envelope.message_id, progress, completion: m.json() };
  }
}

async function ask() {
  const everybody = await discover();
  assert.deepEqual(everybody.ping.map((p) => p.name).sort(), ["courier-service", "depot-service"]);
  const [{ id }] = (await discover("depot-service")).ping;

  let answer = await call("depot-service", "echo", { text: "zażółć", times: 2 });
  assert.deepEqual(answer.result, { text: "zażółć", times: 2 });
  assert.equal(answer.error, null);
  answer = await call("depot-service", "find", { code: "XX-0001" });
  assert.equal(answer.success, false);
  assert.match(answer.error, /^NotFound/);
  assert.equal(answer.result.type, "NotFound");
  answer = await call("depot-service", "echo", { text: "" });
  assert.equal(answer.success, false);

  const { id: command, progress, completion } = await runCommand("depot-service", "count", { batch: "b1", total: 5, pause: 100_000_000 });
  assert.equal(completion.command_id, command);
  assert.equal(completion.status, "completed");
  assert.equal(completion.result.counted, 5);
  assert.ok(progress.length > 0 && progress.every((p) => p.command_id === command && typeof p.progress === "number"));

  const depot = await discover("depot-service", id);
  assert.deepEqual([depot.ping.length, depot.info.length, depot.stats.length], [1, 1, 1]);
  const echo = depot.info[0].endpoints.find((e) => e.name === "echo");
  assert.deepEqual([echo.subject, echo.queue_group, echo.metadata["aegis.kind"]], ["rpc.depot-service.echo", "rpc.depot-service", "rpc"]);
  const stat = (name) => depot.stats[0].endpoints.find((e) => e.name === name);
  assert.deepEqual([stat("echo").num_requests, stat("echo").num_errors], [2, 1]);
  assert.deepEqual([stat("find").num_requests, stat("find").num_errors], [1, 1]);
  assert.equal(stat("count").num_requests, 1);
  assert.deepEqual([stat("echo").data.running, stat("echo").data.waiting], [0, 0]);
  assert.equal((await discover("nobody")).ping.length, 0);

  const bucket = await new Kvm(nc).open("service_registry");
  const entry = (await bucket.get(`service-instances__depot-service__${id}`)).json();
  assert.deepEqual(Object.keys(entry), ["serviceName", "instanceId", "version", "status", "lastHeartbeat", "stickyActiveGroup", "metadata"]);
  assert.deepEqual([entry.serviceName, entry.instanceId, entry.version, entry.status], ["depot-service", id, "1.4.2", "ACTIVE"]);
  const keys = [];
  for await (const key of await bucket.keys()) keys.push(key);
  assert.equal(keys.filter((k) => k.startsWith("service-instances__")).length, 2);
}

// ---- serve

function answered(message, request, success, result, error) {
  message.respond(encode(base({ correlation_id: request.message_id, trace_id: request.trace_id, source: "depot-foreign",
    target: request.source, success, result, error })));
}

async function serve() {
  const service = await new Svcm(nc).add({ name: "depot-service", version: "9.0.0", description: "a foreign one" });
  const group = { queue: "rpc.depot-service" };
  service.addEndpoint("echo", { subject: "rpc.depot-service.echo", ...group, handler: (err, m) => {
    const request = m.json();
    answered(m, request, true, { text: `foreign: ${request.params.text}`, times: request.params.times ?? 1 }, null);
  } });
  service.addEndpoint("find", { subject: "rpc.depot-service.find", ...group, handler: (err, m) => {
    const request = m.json(), details = { code: request.params.code, message: "nowhere" };
    answered(m, request, false, { type: "NotFound", code: 404, details, chain: [] }, "NotFound: nowhere");
  } });
  await nc.flush();
  console.log("foreign: ready");
  await nc.closed();
}

async function relay() {
  const answer = await call("courier-service", "relay", { text: "hello" });
  assert.deepEqual([answer.error, answer.result], [null, { text: "foreign: hello" }]);
}

await { ask, serve, relay }[what]();
await nc.close();
