import { assertEquals } from "@std/assert";
import { applyAwarenessUpdate, Awareness, removeAwarenessStates } from "y-protocols/awareness";
import { Doc } from "yjs";
import { Presence } from "../../actors/editor/presence.ts";
import { type AwarenessEntry, decodeYMessage, encodeYMessage } from "../../protocols/y_sync.ts";

/** A presence whose clients are names, and what each is told. */
function stage() {
  let now = 1.8e12;
  const told: [to: string, entries: readonly AwarenessEntry[]][] = [];
  const presence = new Presence<string>({
    now: () => now++,
    send: (to, frame) => {
      const message = decodeYMessage(frame);
      if (message.type === "awareness") told.push([to, message.entries]);
    },
  });
  const say = (from: string, clientId: number, clock: number, state: string, to: readonly string[]) => {
    presence.update(from, [{ clientId, clock, state }]);
    presence.flush(to);
  };
  return { presence, told, say, last: () => told.at(-1) };
}

Deno.test("presence: each change reaches the others, under a clock that grows, and never oneself", () => {
  const { told, say } = stage();
  for (const clock of [0, 1, 2]) say("ann", 7, clock, `{"n":${clock}}`, ["ann", "bob"]);
  assertEquals(told.map(([to, [entry]]) => [to, entry?.state]), [["bob", '{"n":0}'], ["bob", '{"n":1}'], [
    "bob",
    '{"n":2}',
  ]]);
  const clocks = told.map(([, [entry]]) => entry?.clock ?? 0);
  assertEquals(clocks, [...clocks].sort((a, b) => a - b));
});

Deno.test("presence: who is repeated by another is not doubled, and not brought back after leaving", () => {
  const { presence, told, say, last } = stage();
  say("ann", 7, 0, "{}", ["bob"]);
  say("bob", 8, 0, "{}", ["ann"]);
  const clock = told[0]?.[1][0]?.clock ?? 0;
  presence.leave("ann");
  presence.flush(["bob"]);
  assertEquals(last()?.[1][0]?.state, "null");
  const before = told.length;
  say("bob", 7, clock, "{}", ["bob"]);
  assertEquals(told.length, before);
});

Deno.test("presence: who comes back over a new connection is there at once, whatever its clock", () => {
  for (const clock of [0, 3, 1.8e12]) {
    const { presence, say, last } = stage();
    say("ann", 7, 5, '{"user":{"name":"Ann"}}', ["bob"]);
    presence.leave("ann");
    presence.flush(["bob"]);
    say("ann again", 7, clock, '{"back":true}', ["bob"]);
    assertEquals(last()?.[1][0]?.state, '{"back":true}', `${clock}`);
  }
});

Deno.test("presence: what is no state, too long or too many closes the client", () => {
  const { presence } = stage();
  const update = (entries: AwarenessEntry[]) => presence.update("ann", entries);
  assertEquals(update([{ clientId: 1, clock: 0, state: "{" }]), "an awareness state is not JSON");
  assertEquals(
    update([{ clientId: 1, clock: 0, state: `"${"x".repeat(20_000)}"` }]),
    "an awareness state is too long",
  );
  const many = Array.from({ length: 65 }, (_, clientId) => ({ clientId, clock: 1, state: "{}" }));
  assertEquals(update(many), "there are too many awareness states");
  const large = Array.from(
    { length: 5 },
    (_, clientId) => ({ clientId: clientId + 100, clock: 1, state: `"${"x".repeat(16_000)}"` }),
  );
  assertEquals(stage().presence.update("bob", large), "there are too many awareness states");
});

Deno.test("presence: who comes and goes within one message is counted, and told to nobody once it is too much", () => {
  const { presence, told } = stage();
  const pairs = Array.from({ length: 2000 }, (_, clientId) => [
    { clientId, clock: 1, state: "{}" },
    { clientId, clock: 2, state: "null" },
  ]).flat();
  assertEquals(presence.update("mallory", pairs), "awareness states come and go too fast");
  presence.leave("mallory");
  presence.flush(["bob"]);
  const [, entries] = told.at(-1) ?? [];
  assertEquals((entries?.length ?? 0) <= 128, true, `${entries?.length}`);
  // One client that goes and comes back, too.
  const again = Array.from({ length: 400 }, (_, clock) => ({
    clientId: 7,
    clock,
    state: clock % 2 === 0 ? "{}" : "null",
  }));
  assertEquals(presence.update("eve", again), "awareness states come and go too fast");
  const many = Array.from({ length: 4097 }, () => ({ clientId: 1, clock: 1, state: "{}" }));
  assertEquals(presence.update("ann", many), "an awareness message has too many entries");
});

Deno.test("presence: who edits for many may let them come and go, a few at a time", () => {
  let now = 1.8e12;
  const presence = new Presence<string>({ now: () => now, send: () => {} });
  for (let clientId = 0; clientId < 1000; clientId++) {
    now += 20;
    assertEquals(presence.update("ann", [{ clientId, clock: 1, state: "{}" }]), undefined);
    assertEquals(presence.update("ann", [{ clientId, clock: 2, state: "null" }]), undefined);
  }
});

Deno.test("presence: a client's own clock, however high, ends in no clock that others cannot read", () => {
  const { presence, say, last } = stage();
  say("mallory", 7, Number.MAX_SAFE_INTEGER, '"high"', ["bob"]);
  presence.leave("mallory");
  presence.flush(["bob"]);
  for (const name of ["mallory again", "and again"]) {
    say(name, 7, Number.MAX_SAFE_INTEGER, `"${name}"`, ["bob"]);
    const [entry] = last()?.[1] ?? [];
    assertEquals(entry?.state, `"${name}"`);
    assertEquals((entry?.clock ?? NaN) < 1.9e12, true, `${entry?.clock}`);
  }
});

Deno.test("presence: nobody speaks for another for longer than until that one speaks again", () => {
  const { presence, say, last } = stage();
  say("ann", 7, 5, '"Ann"', ["bob"]);
  // As the first thing that a new connection says, it may be Ann who is back.
  say("mallory", 7, 9e15, '"not Ann"', ["bob"]);
  assertEquals(last()?.[1][0]?.state, '"not Ann"');
  say("ann", 7, 6, '"Ann, still here"', ["bob"]);
  assertEquals(last()?.[1][0]?.state, '"Ann, still here"');
  const entries = [1e15, 1e12, 7, 100].map((clock) => ({ clientId: 7, clock, state: '"again not Ann"' }));
  for (const entry of entries) presence.update("eve", [{ clientId: 8, clock: 1, state: "{}" }, entry]);
  presence.flush(["bob"]);
  assertEquals(last()?.[1].some(({ state }) => state.includes("again")), false);
  // Nor does it take Ann away when it goes.
  presence.leave("eve");
  presence.leave("mallory");
  presence.flush(["bob"]);
  assertEquals(presence.nameOf("ann"), undefined);
  assertEquals(last()?.[1].some(({ clientId }) => clientId === 7), false);
});

Deno.test("presence: a client of Yjs that was cut off sees the others again as soon as it is told of them", () => {
  const { presence, say, told } = stage();
  say("bob", 8, 0, '{"user":{"name":"Bob"}}', ["ann"]);
  const awareness = new Awareness(new Doc());
  const hear = (entries: readonly AwarenessEntry[]) => {
    // What follows the type of the message and its length.
    const update = encodeYMessage({ type: "awareness", entries }).subarray(2);
    applyAwarenessUpdate(awareness, update, "the server");
  };
  for (const [, entries] of told) hear(entries);
  assertEquals(awareness.getStates().get(8), { user: { name: "Bob" } });
  // As providers do when their connection is closed.
  removeAwarenessStates(awareness, [8], "closed");
  const frame = presence.others("ann again");
  const message = frame && decodeYMessage(frame);
  if (message?.type === "awareness") hear(message.entries);
  assertEquals(awareness.getStates().get(8), { user: { name: "Bob" } });
  awareness.destroy();
});
