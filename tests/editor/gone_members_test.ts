/**
 * Who is gone before they were in, and what those have said who wait when the document stops.
 */
// First: Yjs takes chance for itself when it is loaded, which simulations do not allow.
import { yjsReplica } from "../../actors/editor/yjs_replica.ts";
import { assertEquals } from "@std/assert";
import {
  type CollaboratorEvent,
  type DocumentCommand,
  type DocumentEvent,
  sharedDocument,
} from "../../actors/editor/mod.ts";
import { simulate, type SimWorld, simWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem, escalate, type Ref, type World } from "../../mod.ts";
import { overridden } from "../_overridden.ts";
import { FILE, START } from "./_stage.ts";

const DESERTED_MS = 300;

/** A document, and people who come by either door and can be told to leave. */
async function start(sim: SimWorld, adapt: (world: World) => World = (world) => world) {
  const server = sim.host("server");
  server.disk.write(FILE, START);
  const system = new ActorSystem("editor", { world: adapt(server.world) });
  let [isOpen, deserted] = [false, 0];
  const replica = () => Promise.resolve(yjsReplica);
  const document: Ref<DocumentCommand> = system.spawn(
    "document",
    sharedDocument({
      path: FILE,
      replica,
      desertedMs: DESERTED_MS,
      opened: () => isOpen = true,
      deserted: () => deserted++,
    }),
    { onFailure: escalate() },
  );
  server.start(() => system);
  await sim.until(() => isOpen, 1000, "the document to be open");
  const person = (name: string) =>
    system.spawn<DocumentEvent | "leave">(
      name,
      (self) => (event) => event === "leave" ? self.stop() : undefined,
    );
  const browser = () => {
    const member = system.spawn<CollaboratorEvent | "leave">("browser", (self) => (event) => {
      if (event === "leave") self.stop();
    });
    document.tell({ type: "collaborate", member, label: "somebody" });
    return member;
  };
  return { system, document, person, browser, disk: server.disk, deserted: () => deserted };
}

Deno.test("document: who is gone before they were in does not keep it from being deserted", async () => {
  for (const comesToLines of [true, false]) {
    const sim = simWorld({ seed: 1 });
    const { document, person, browser, deserted } = await start(sim);
    let other = comesToLines ? undefined : browser();
    await sim.advance(1000);
    document.tell({ type: "update", member: person("writer"), text: "it is being saved" });
    await sim.advance(0.01);
    const guest = person("guest");
    document.tell({ type: "join", member: guest });
    guest.tell("leave");
    await sim.advance(1000);
    other ??= browser();
    await sim.advance(1000);
    other.tell("leave");
    await sim.advance(10 * DESERTED_MS);
    assertEquals(deserted(), 1);
    sim.close();
  }
});

Deno.test("document: what was said while another way to edit it begins, or ends, is saved when it stops at that moment", async () => {
  for (const way of ["begins", "ends", "is read"]) {
    const sim = simWorld({ seed: 1 });
    const { system, document, person, browser, disk } = await start(sim);
    const [first, second] = [person("first"), person("second")];
    document.tell({ type: "join", member: first });
    await sim.advance(50);
    if (way !== "is read") {
      const other = browser();
      if (way === "ends") {
        await sim.advance(100);
        other.tell("leave");
        await sim.advance(DESERTED_MS + 1);
      }
    } else {
      document.tell({
        type: "get-versions",
        replyTo: system.spawn<readonly unknown[]>("reader", () => () => {}),
      });
    }
    document.tell({ type: "join", member: second });
    for (const text of ["one", "two"]) document.tell({ type: "update", member: second, text });
    document.tell({ type: "update", member: first, text: "three" });
    await sim.advance(0.05);
    await sim.settle(system.stop());
    const lines = disk.readText(FILE)?.split("\n").toSorted();
    assertEquals(lines, [...START.split("\n"), "one", "two", "three"].toSorted(), way);
    sim.close();
  }
});

Deno.test("document: who stops while the history is opened, or read, has closed it", async () => {
  await simulate("a stop while a history is opened", { seeds: 60 }, async (sim) => {
    const { system, document, browser, disk } = await start(sim);
    disk.slowness = sim.random.pick([1, 20]);
    const replyTo = system.spawn<readonly unknown[]>("reader", () => () => {});
    if (sim.seed % 3 === 0) document.tell({ type: "get-versions", replyTo });
    else browser();
    await sim.advance(sim.random.next() * 4 * disk.slowness);
  });
});

/** A world whose disk never opens a history. */
function withoutHistory(world: World): World {
  const open: World["disk"]["open"] = (path, options) =>
    path.endsWith(".history") ? new Promise(() => {}) : world.disk.open(path, options);
  return { ...world, disk: overridden(world.disk, { open, createReplacement: () => new Promise(() => {}) }) };
}

Deno.test("document: what was said is saved by a stop, though the disk does not open the history", async () => {
  const sim = simWorld({ seed: 1 });
  const { system, document, person, browser, disk } = await start(sim, withoutHistory);
  const first = person("first");
  document.tell({ type: "join", member: first });
  await sim.advance(50);
  browser();
  document.tell({ type: "update", member: first, text: "said while it opens" });
  await sim.advance(50);
  await sim.settle(system.stop());
  assertEquals(disk.readDurableText(FILE), `${START}said while it opens\n`);
  sim.close();
});
