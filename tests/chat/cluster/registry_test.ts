import { assertEquals } from "@std/assert";
import {
  decideRegistry,
  evolveRegistry,
  type Holder,
  type RegistryCommand,
  type RegistryState,
  type ServerLife,
} from "../../../actors/chat/cluster/registry.ts";
import { ActorSystem, type Ref } from "../../../mod.ts";

await using system = new ActorSystem("registry");
const replyTo: Ref<unknown> = system.spawn<unknown>("nobody", () => () => {});
const EMPTY: RegistryState = { holders: new Map(), byKey: new Map(), givenUp: [] };
const ONE: ServerLife = { id: "one", life: "a" };
const TWO: ServerLife = { id: "two", life: "b" };

/** The registry after a command, and what is answered. */
function after(state: RegistryState, command: RegistryCommand): { state: RegistryState; answer: unknown } {
  const { events = [], replies = [] } = decideRegistry(state, command);
  return { state: events.reduce(evolveRegistry, state), answer: replies[0]?.message };
}

function holder(id: string, text: string, server: ServerLife): Holder {
  return { id, text, keys: [text.toLowerCase()], server };
}

function claim(state: RegistryState, of: Holder) {
  return after(state, { type: "claim", operationId: "x", holder: of, replyTo });
}

Deno.test("chat names: a name is held by one, however it is written, until it is released", () => {
  const ann = holder("a", "ann", ONE);
  const first = claim(EMPTY, ann);
  assertEquals(first.answer, { type: "done" });
  const second = claim(first.state, holder("b", "ANN", TWO));
  assertEquals(second.answer, { type: "held", by: ann });
  const released = after(second.state, { type: "release", operationId: "y", id: "a", replyTo });
  assertEquals(claim(released.state, holder("b", "ANN", TWO)).answer, { type: "done" });
});

Deno.test("chat names: another name of the same holder frees the one before", () => {
  const { state } = claim(claim(EMPTY, holder("a", "ann", ONE)).state, holder("a", "anna", ONE));
  assertEquals(claim(state, holder("b", "ann", TWO)).answer, { type: "done" });
  assertEquals(claim(state, holder("b", "anna", TWO)).answer, {
    type: "held",
    by: holder("a", "anna", ONE),
  });
});

Deno.test("chat names: a server that was given up frees its names, claims none by that life, and learns whose they are", () => {
  const ann = holder("a", "ann", ONE);
  const bob = holder("c", "bob", ONE);
  const { state: held } = claim(claim(EMPTY, ann).state, bob);
  const { state, answer } = after(held, { type: "give-up", operationId: "x", server: ONE, replyTo });
  assertEquals(answer, [ann, bob]);
  assertEquals(claim(state, ann).answer, { type: "given-up" });
  const { state: taken } = claim(state, holder("b", "ann", TWO));
  const next = { id: "one", life: "c" };
  const adopted = after(taken, {
    type: "adopt",
    operationId: "y",
    server: next,
    holders: [ann, bob],
    replyTo,
  });
  assertEquals(adopted.answer, { lost: ["a"], servers: [TWO] });
  assertEquals(adopted.state.holders.get("c")?.server, next);
  // What the others gave up is the life before: giving it up once more takes nothing from this one.
  const again = after(adopted.state, { type: "give-up", operationId: "z", server: ONE, replyTo });
  assertEquals(again.state.holders.get("c")?.server, next);
});

Deno.test("chat names: a name that a late claim took for who had gone is freed by the server's next word", () => {
  const late = { ...holder("a", "ann", ONE), number: 1 };
  const { state } = claim(claim(EMPTY, late).state, { ...holder("b", "bob", ONE), number: 3 });
  const audit = { type: "audit", server: ONE, upTo: 2, ids: [], replyTo } as const;
  const { state: audited, answer } = after(state, audit);
  // What was claimed after the server said whom it has stays.
  assertEquals([answer, [...audited.holders.keys()]], [1, ["b"]]);
  assertEquals(after(audited, { ...audit, upTo: 3, ids: ["b"] }).answer, 0);
});
