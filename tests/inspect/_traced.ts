/**
 * A system whose frames and datagrams go through actors before they are answered: for the tests of traces.
 *
 *     OTEL_DENO=true deno run -A tests/inspect/_traced.ts
 *
 * It prints `TCP on PORT` and `UDP on PORT`, and answers each line and each datagram with `answer to` it.
 * At a line `throw object` or `throw error` an actor throws what cannot be made a text, at `throw undefined`
 * and `reject undefined` nothing at all.
 *
 * @module
 */
import { MeterRegistry, SystemMetrics } from "../../actors/inspect/mod.ts";
import { exportInstrument, openTelemetryTracer } from "../../actors/inspect/open_telemetry.ts";
import { datagrams, lineServer } from "../../actors/net/mod.ts";
import { ActorSystem, type Behavior, denoWorld, escalate, type Ref } from "../../mod.ts";

/** The types of these name the text, so that a span tells whose it is. */
type Reply = { readonly type: `reply: ${string}`; readonly text: string };
type Request = { readonly type: "first" | "second"; readonly text: string; readonly client: Ref<Reply> };
type Question = {
  readonly type: `question: ${string}`;
  readonly text: string;
  readonly replyTo: Ref<string>;
};
type Answered = { readonly type: "answered"; readonly text: string; readonly client: Ref<Reply> };

/** Throws when it is looked at. */
class Unreadable extends Error {
  override get message(): string {
    throw new Error("not to be read");
  }
}

const nothing: unknown = undefined;

/** Hands on to the next. */
const first = (next: Ref<Request>): Behavior<Request> => ({ meter }) => {
  const length = meter.gauge("traced.length", { unit: "{character}", description: "Of the last line." });
  meter.gauge("traced.never", { unit: "1", description: "Is told nothing." });
  return (request): void | Promise<void> => {
    length.record(request.text.length);
    if (request.text === "throw object") throw Object.create(null);
    if (request.text === "throw error") throw new Unreadable();
    if (request.text === "throw undefined") throw nothing;
    if (request.text === "reject undefined") return Promise.reject(nothing);
    next.tell({ ...request, type: "second" });
  };
};

/** Asks, and answers the client once what it has asked comes back as a message. */
const second = (oracle: Ref<Question>): Behavior<Request | Answered> => (self) => (message) => {
  if (message.type === "answered") {
    return message.client.tell({ type: `reply: ${message.text}`, text: message.text });
  }
  const { text, client } = message;
  self.pipe(
    oracle.ask({ type: `question: ${text}`, text }, { timeoutMs: 5000 }),
    (answer) => ({ type: "answered", text: answer, client }),
    () => ({ type: "answered", text: "no answer", client }),
  );
};

/** The same by waiting in the handler. */
const waiting = (oracle: Ref<Question>): Behavior<Request> => () => async ({ text, client }) => {
  const answer = await oracle.ask({ type: `question: ${text}`, text }, { timeoutMs: 5000 });
  client.tell({ type: `reply: ${answer}`, text: answer });
};

const metrics = new SystemMetrics(new MeterRegistry(exportInstrument), { tracer: openTelemetryTracer() });
const world = denoWorld({ log: { level: "error" } });
const system = new ActorSystem("traced", { world, instruments: metrics.instruments });
const oracle = system.spawn<Question>(
  "oracle",
  () => ({ text, replyTo }) => replyTo.tell(`answer to ${text}`),
);
const b = system.spawn("b", second(oracle));
const a = system.spawn("a", first(b));
const d = system.spawn("d", waiting(oracle));
const address = { hostname: "127.0.0.1", port: 0 };
const tcp = lineServer<Reply>(
  { address, onListening: ({ port }) => console.log(`TCP on ${port}`) },
  (connection) => ({
    frame: (text: string) => a.tell({ type: "first", text, client: connection.self }),
    message: ({ text }) => connection.sendText(`${text}\n`),
  }),
);
system.spawn("tcp", tcp, { onFailure: escalate() });
const udp = datagrams<Reply>({
  address,
  onListening: ({ port }) => console.log(`UDP on ${port}`),
  peer: (peer) => ({
    datagram: (bytes) => d.tell({ type: "first", text: new TextDecoder().decode(bytes), client: peer.self }),
    message: ({ text }) => peer.send(new TextEncoder().encode(text)),
  }),
});
system.spawn("udp", udp, { onFailure: escalate() });
await system.terminated;
