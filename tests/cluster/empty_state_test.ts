import { assertEquals } from "@std/assert";
import { joinCluster, memoryEngine, persistent, reply, sqliteEngine } from "../../actors/cluster/mod.ts";
import { ActorSystem, denoWorld, type Ref } from "../../mod.ts";
import { tempDirectory } from "../_helpers.ts";

const world = denoWorld({ log: { level: "error" } });
const LIMIT = { timeoutMs: 60_000 };

type State = { readonly text: string } | undefined;
type NoteEvent = { readonly text: string } | "removed";
type Command = { readonly put?: string; readonly isRemoved?: boolean; readonly replyTo: Ref<string> };

/** A note, which is `undefined` before it was written and when it was removed. */
const note = persistent({
  type: "note",
  snapshotEvery: 2,
  initial: (): State => undefined,
  decide: (state: State, { put, isRemoved, replyTo }: Command) => {
    const events: NoteEvent[] = isRemoved ? ["removed"] : put === undefined ? [] : [{ text: put }];
    return { events, replies: [reply(replyTo, state?.text ?? "nothing")] };
  },
  evolve: (_: State, event: NoteEvent): State => event === "removed" ? undefined : event,
});

for (const name of ["memory", "sqlite"]) {
  Deno.test(`persistent: a state that is undefined is one to the next owner, out of a snapshot: ${name}`, async () => {
    await using directory = await tempDirectory();
    const options = { world, leaseTtlMs: 60_000 };
    await using engine = name === "memory"
      ? memoryEngine(options)
      : sqliteEngine({ ...options, file: directory.file("journal.db") });
    for (const owner of ["one", "two", "three"]) {
      await using system = new ActorSystem(owner, { world });
      await using cluster = await joinCluster(system, { engine, types: [note], hostId: owner });
      const ref = cluster.ref(note, "1");
      assertEquals(await ref.ask({}, LIMIT), "nothing");
      assertEquals(await ref.ask({ put: "text" }, LIMIT), "nothing");
      assertEquals(await ref.ask({ isRemoved: true }, LIMIT), "text");
      await cluster.leave();
      const { snapshot } = await engine.journal.read({ type: "note", id: "1" });
      assertEquals(snapshot?.state, { operations: [] });
    }
  });
}
