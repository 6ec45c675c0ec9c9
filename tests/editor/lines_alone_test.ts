// First: Yjs takes chance for itself when it is loaded, which simulations do not allow.
import { FILE, Stage, START } from "./_stage.ts";
import { assert, assertEquals } from "@std/assert";
import { simulate, type SimWorld } from "../../actors/world/sim/mod.ts";
import { type Disk, type DiskFile, type World, WorldError } from "../../actors/world/world.ts";
import { overridden } from "../_overridden.ts";

function decode(bytes: Uint8Array = new Uint8Array(0)): string {
  return new TextDecoder().decode(bytes);
}

/** A document that nobody edits but by lines. */
async function linesAlone(sim: SimWorld, adapt?: (world: World) => World): Promise<Stage> {
  const stage = await Stage.open(sim, adapt);
  stage.leave();
  await sim.advance(1000);
  return stage;
}

/** A line client joins it. */
async function reading(sim: SimWorld, stage: Stage): Promise<void> {
  stage.tell({ type: "join", member: stage.line() });
  await sim.until(() => stage.count("joined") === 1, 1000, "the reader to have joined");
}

/** The lines that a line client was told of. */
function linesTold({ told }: Stage): string[] {
  const decoder = new TextDecoder();
  const bytes = told.map((event) =>
    event.type === "updated" || event.type === "changed" || event.type === "appended"
      ? event.bytes
      : undefined
  );
  return bytes.map((each) => decoder.decode(each)).join("").split("\n").filter((line) => line !== "");
}

Deno.test("editor: a line that comes with a file of the same beginning is told, while lines alone are edited", async () => {
  await simulate("editor: a file of the same beginning", { seeds: 10 }, async (sim) => {
    const stage = await linesAlone(sim);
    const reader = stage.line();
    stage.tell({ type: "join", member: reader });
    await sim.until(() => stage.count("joined") === 1, 1000, "the reader to have joined");
    // As vim saves it.
    stage.disk.remove(FILE);
    stage.disk.write(FILE, `${START}by hand\n`);
    stage.tell({ type: "update", member: stage.line(), text: "last" });
    await sim.until(() => stage.count("updated") > 0, 1000, "the line to be told");
    const decoder = new TextDecoder();
    const told = stage.told.map((event) => event.type === "updated" ? decoder.decode(event.bytes) : "");
    assertEquals(told.join(""), "by hand\nlast\n");
  });
});

Deno.test("editor: who saves the file once more while a line is put behind it has no line of others told again", async () => {
  await simulate(
    "editor: who saves the file once more",
    { seeds: 20, sometimes: ["saved within"] },
    async (sim) => {
      const stage = await linesAlone(sim);
      const { disk } = stage;
      disk.write(FILE, "a\nb\nc\nd\n");
      await reading(sim, stage);
      await sim.advance(1000);
      disk.write(FILE, "a\nc\nd\n");
      disk.slowness = 100;
      const isSyncing = () =>
        disk.underWay.some(({ operation, path }) => operation === "sync" && path !== FILE + ".journal");
      stage.tell({ type: "update", member: stage.line(), text: "last" });
      await sim.until(isSyncing, 1000, "the line to be on its way");
      const isWithin = stage.file === "a\nc\nd\nlast\n";
      if (isWithin) disk.write(FILE, `new\n${stage.file}`);
      sim.sometimes("saved within", isWithin);
      disk.slowness = 1;
      stage.tell({ type: "update", member: stage.line(), text: "again" });
      await sim.advance(1000);
      assertEquals(linesTold(stage).toSorted(), ["again", "last", ...(isWithin ? ["new"] : [])]);
    },
  );
});

Deno.test("editor: of a save in place that is seen half way nothing is told again, while lines alone are edited", async () => {
  await simulate("editor: a save that is seen half way", { seeds: 15 }, async (sim) => {
    const stage = await linesAlone(sim);
    const { disk } = stage;
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}\n`);
    disk.write(FILE, lines.join(""));
    await reading(sim, stage);
    await sim.advance(1000);
    for (const part of [0, sim.random.integer(1, 19)]) {
      disk.write(FILE, lines.slice(0, part).join(""));
      stage.tell({ type: "update", member: stage.line(), text: `while ${part} are there` });
      await sim.advance(50);
    }
    disk.write(FILE, ["saved\n", ...lines].join(""));
    // Who comes now is given all of it, and who was there is told what is new.
    stage.tell({ type: "join", member: stage.line() });
    await sim.advance(sim.random.next() * 600);
    stage.tell({ type: "update", member: stage.line(), text: "last" });
    await sim.advance(2000);
    const told = linesTold(stage).toSorted();
    const whole = decode(stage.told.findLast((event) => event.type === "joined")?.text);
    const isTold = whole.startsWith("saved\n");
    assertEquals(isTold && whole.includes("line 19\n"), true, whole);
    assertEquals(
      new Set(told),
      new Set(["last", "saved", ...told.filter((line) => line.startsWith("while"))]),
    );
    assertEquals(told.filter((line) => line === "saved").length, 1);
  });
});

Deno.test("editor: who comes to the page while a save is seen half way has nothing told again to line clients", async () => {
  await simulate("editor: who comes to the page", { seeds: 20 }, async (sim) => {
    const stage = await linesAlone(sim);
    const { disk } = stage;
    disk.write(FILE, "a\nb\nc\nd\ne\n");
    await reading(sim, stage);
    await sim.advance(1000);
    disk.write(FILE, "a\n");
    const writer = stage.line();
    stage.tell({ type: "update", member: writer, text: "half way" });
    await sim.until(() => linesTold(stage).length === 1, 1000, "the line to be told");
    await stage.collaborate();
    for (let index = 0; index < 5; index++) {
      stage.tell({ type: "update", member: writer, text: `together ${index}` });
      await sim.advance(sim.random.next() * 200);
    }
    await sim.advance(2000);
    const together = Array.from({ length: 5 }, (_, index) => `together ${index}`);
    assertEquals(linesTold(stage), ["half way", ...together]);
  });
});

Deno.test("editor: what was seen half way is told also where nobody can come to the page meanwhile", async () => {
  await simulate("editor: nobody can come to the page", { seeds: 20 }, async (sim) => {
    const stage = await linesAlone(sim);
    const { disk } = stage;
    disk.write(FILE, "a\nb\nc\nd\ne\n");
    await reading(sim, stage);
    await sim.advance(1000);
    disk.write(FILE, "new\n");
    stage.tell({ type: "update", member: stage.line(), text: "half way" });
    await sim.until(() => linesTold(stage).length === 1, 1000, "the line to be told");
    // Longer than a save may take.
    disk.slowness = 2000;
    disk.failNext("open", "permission-denied", { path: /history/ });
    await stage.collaborate().catch(() => {});
    disk.slowness = 1;
    await sim.advance(3000);
    assertEquals(linesTold(stage), ["half way", "new"]);
  });
});

for (const [next, ask] of Object.entries({ "a line": "update", "who joins": "join" } as const)) {
  Deno.test(`editor: what is changed in place to as many bytes is told with ${next}`, async () => {
    await simulate(`editor: changed in place, told with ${next}`, { seeds: 10 }, async (sim) => {
      const stage = await linesAlone(sim);
      stage.disk.write(FILE, "a 0\nb\n");
      await reading(sim, stage);
      stage.tell({ type: "update", member: stage.line(), text: "first" });
      await sim.advance(1000);
      const before = linesTold(stage);
      stage.disk.write(FILE, "a 1\nb\nfirst\n");
      await sim.advance(1000);
      const member = stage.line();
      stage.tell(ask === "join" ? { type: ask, member } : { type: ask, member, text: "last" });
      await sim.advance(1000);
      assertEquals(linesTold(stage).slice(before.length), ask === "join" ? ["a 1"] : ["a 1", "last"]);
      assertEquals(stage.file, `a 1\nb\nfirst\n${ask === "join" ? "" : "last\n"}`);
    });
  });
}

Deno.test("editor: who joins is told what the file holds, also where another one in its place could not be read at first", async () => {
  await simulate("editor: a file that cannot be read", { seeds: 10 }, async (sim) => {
    let unreadable = 0;
    // Only what is read of the file beside its writing.
    const adapt = (world: World): World => {
      const open: Disk["open"] = async (path, options) => {
        const file = await world.disk.open(path, options);
        const read: DiskFile["read"] = (...args) =>
          unreadable-- > 0 ? Promise.reject(new WorldError("other", "Cannot read")) : file.read(...args);
        return path !== FILE || options?.write === true ? file : overridden(file, { read });
      };
      return { ...world, disk: overridden(world.disk, { open }) };
    };
    const stage = await linesAlone(sim, adapt);
    stage.disk.write(FILE, "a text that is longer\n");
    await reading(sim, stage);
    await sim.advance(1000);
    stage.disk.remove(FILE);
    stage.disk.write(FILE, "new\n");
    unreadable = 1;
    stage.tell({ type: "update", member: stage.line(), text: "last" });
    await sim.until(() => linesTold(stage).includes("last"), 1000, "the line to be told");
    assert(unreadable <= 0);
    stage.tell({ type: "join", member: stage.line() });
    await sim.until(() => stage.count("joined") === 2, 1000, "another reader to have joined");
    assertEquals(decode(stage.told.findLast((event) => event.type === "joined")?.text), "new\nlast\n");
  });
});
