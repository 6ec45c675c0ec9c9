import { assertEquals, assertRejects } from "@std/assert";
import type { MemberId } from "../../../actors/chat/cluster/people.ts";
import { type RoomEntityCommand, roomType } from "../../../actors/chat/cluster/room_entity.ts";
import type { Person } from "../../../actors/chat/messages.ts";
import { joinCluster, memoryEngine } from "../../../actors/cluster/mod.ts";
import { ActorSystem, AskTimeout, denoWorld } from "../../../mod.ts";

const world = denoWorld({ log: { level: "error" } });
const LIMIT = { timeoutMs: 60_000 };
const NAME = { text: "tea", keys: ["tea"] };
const ANN: Person<MemberId> = {
  ...{ member: "one/ann", name: { text: "ann", keys: ["ann"] }, user: "line", host: "h" },
  ...{ realName: "Ann", isBot: false, isInvisible: false },
};

type CarryOut = Extract<RoomEntityCommand, { readonly type: "carry-out" }>;

/** What a server sends of its members' deeds: the batch of this number. */
function batch(number: number, operationId: string, deeds: CarryOut["deeds"]): Omit<CarryOut, "replyTo"> {
  const server = { id: "one", life: "a" };
  return {
    type: "carry-out",
    operationId,
    sender: "one",
    number,
    server,
    name: NAME,
    hasFounder: false,
    deeds,
  };
}

function said(text: string): CarryOut["deeds"] {
  return [{ type: "say", person: ANN, kind: "message", text, tags: [], request: 1 }];
}

Deno.test("chat cluster: a batch that comes again is answered as before, and one that comes late not at all, however many operations came between", async () => {
  await using system = new ActorSystem("rooms", { world });
  await using engine = memoryEngine({ world, leaseTtlMs: 60_000 });
  await using cluster = await joinCluster(system, { engine, types: [roomType], hostId: "one" });
  const room = cluster.ref(roomType, "tea");
  await room.ask(batch(1, "a", [{ type: "join", person: ANN, request: 0 }]), LIMIT);
  const first = await room.ask(batch(2, "b", said("once")), LIMIT);
  // Under another operation, as if the one of the first time had been forgotten.
  assertEquals(await room.ask(batch(2, "c", said("once")), LIMIT), first);
  const next = await room.ask(batch(3, "d", said("then")), LIMIT);
  await assertRejects(() => room.ask(batch(2, "e", said("once")), { timeoutMs: 300 }), AskTimeout);
  const { seq, entries } = await room.ask({ type: "history" }, LIMIT);
  assertEquals(entries.map(({ text }) => text), ["once", "then"]);
  assertEquals(next.type === "done" ? next.seq : undefined, seq);
});
