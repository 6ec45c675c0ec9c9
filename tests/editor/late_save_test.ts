// First: Yjs takes chance for itself when it is loaded, which simulations do not allow.
import { FILE, Stage } from "./_stage.ts";
import { afterLook, withLooks } from "./_looks.ts";
import { assert, assertEquals } from "@std/assert";
import { isDropped } from "../../actors/editor/replaced_file.ts";
import { simulate, type SimWorld } from "../../actors/world/sim/mod.ts";
import type { Disk } from "../../actors/world/world.ts";
import { tempDirectory, until } from "../_helpers.ts";
import { FOREIGN, open, Provider } from "./_web_clients.ts";

const ENCODER = new TextEncoder();

/** As `echo >>` does it, though perhaps slower. */
async function append(sim: SimWorld, text: string, betweenMs: number): Promise<void> {
  const { disk } = sim.host("server").world;
  const file = await sim.settle(disk.open(FILE, { write: true }));
  await sim.advance(betweenMs);
  const size = await sim.settle(file.size());
  await sim.settle(file.write(ENCODER.encode(text), size));
  file.close();
}

/** A disk each of whose files has so many names, as where somebody has made a copy with `ln`. */
function withLinks(disk: Disk, linkCount: number): Disk {
  return withLooks(disk, (_, really) => afterLook(really(), (info) => ({ ...info, linkCount })));
}

Deno.test("editor: who opens the file before it is replaced, and appends to it after that, has added a line", async () => {
  await simulate(
    "editor: who opens the file before",
    { seeds: 80, sometimes: ["written late"] },
    async (sim) => {
      const stage = await Stage.open(sim);
      stage.disk.slowness = sim.random.pick([1, 20]);
      stage.type("typed\n");
      // The file is replaced about 100 ms after the edit.
      await sim.advance(sim.random.next() * 120);
      await append(sim, "by echo\n", sim.random.next() * sim.random.pick([1, 100, 1500]));
      sim.sometimes("written late", !stage.file?.includes("by echo"));
      const holds = (...lines: string[]) => () =>
        stage.file?.split("\n").toSorted().join(" ") === ` ${lines.join(" ")}`;
      await sim.until(holds("by echo", "first", "typed"), 4000, "the file to hold all of it");
      stage.type("again\n");
      await sim.until(
        holds("again", "by echo", "first", "typed"),
        4000,
        "the file to hold what is typed then",
      );
      await sim.advance(3000);
      assertEquals(stage.file?.length, "again by echo first typed ".length);
    },
  );
});

Deno.test("editor: who saves slowly into a file that is replaced again and again takes nothing from others", async () => {
  await simulate("editor: who saves slowly", { seeds: 30 }, async (sim) => {
    const stage = await Stage.open(sim);
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}\n`);
    stage.disk.write(FILE, lines.join(""));
    await sim.advance(1000);
    const { disk } = sim.host("server").world;
    const file = await sim.settle(disk.open(FILE, { write: true }));
    stage.type("typed\n");
    await sim.advance(100 + sim.random.next() * 300);
    stage.type("again\n");
    await sim.advance(sim.random.next() * 300);
    // As an editor does that writes in place.
    const half = lines.slice(0, 10).join("");
    await sim.settle(file.truncate(0));
    await sim.settle(file.write(ENCODER.encode(half), 0));
    const nothingIsGone = async (ms: number) => {
      for (let waited = 0; waited < ms; waited += 50) {
        await sim.advance(50);
        assertEquals(lines.filter((line) => !stage.file?.includes(line)), []);
      }
    };
    await nothingIsGone(sim.random.next() * 600);
    await sim.settle(file.write(ENCODER.encode(`saved\n${lines.slice(10).join("")}`), half.length));
    file.close();
    await nothingIsGone(4000);
    const expected = [...lines, "typed\n", "again\n", "saved\n"].map((line) => line.trimEnd());
    assertEquals(stage.file?.split("\n").toSorted(), ["", ...expected].toSorted());
  });
});

Deno.test("editor: what is written to another name of the file that was replaced stays out of the document", async () => {
  for (const links of [1, 2]) {
    await simulate("editor: what is written to another name", { seeds: 5 }, async (sim) => {
      const stage = await Stage.open(sim, (world) => ({ ...world, disk: withLinks(world.disk, links) }));
      stage.type("typed\n");
      await append(sim, "to the copy\n", 500);
      await sim.advance(4000);
      assertEquals(stage.file?.includes("to the copy"), links === 1);
    });
  }
});

Deno.test("editor: what is written to a file that was replaced keeps to the limit of the document", async () => {
  await simulate("editor: the limit of what is written late", { seeds: 5 }, async (sim) => {
    const stage = await Stage.open(sim);
    stage.type("typed\n");
    // The document may have 16 MiB: the first is too much by itself, the second with what is there.
    await append(sim, `${"x".repeat(1 << 24)}\n`, 500);
    await sim.advance(4000);
    assertEquals(stage.file?.length, "typed\nfirst\n".length);
    stage.type("again\n");
    await append(sim, `${"x".repeat((1 << 24) - 15)}\n`, 500);
    await sim.advance(4000);
    assertEquals(stage.file?.length, "typed\nfirst\nagain\n".length);
  });
});

Deno.test("editor: zeros that a disk gives for what was never synced of an old file are no late save", async () => {
  const sometimes = ["zeros"];
  await simulate("editor: zeros in an old file", { seeds: 30, sometimes }, async (sim) => {
    const stage = await Stage.open(sim);
    stage.tell({ type: "update", member: stage.line(), text: "a line" });
    const failed = () => sim.tally.get("fault: sync fails, pages dropped") > 0;
    stage.disk.failNext("sync", "other", { path: FILE, dropsPages: true });
    await sim.until(failed, 3000, "the sync of the line to fail");
    sim.sometimes("zeros", stage.file?.includes("\0") ?? false);
    stage.type("typed\n");
    await sim.advance(5000);
    assertEquals(stage.file?.split("\n").toSorted(), ["", "a line", "first", "typed"]);
  });
});

Deno.test(
  "editor: a file that is replaced while somebody has it open gets what they append to the old one",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await using door = await open(directory);
    const path = directory.file("temp.txt");
    using browser = await Provider.open(door.url);
    browser.text.insert(0, "typed\n");
    await until(async () => await Deno.readTextFile(path) === "typed\n", "the file to hold what was typed");
    for (let attempt = 1; !browser.value.includes("late"); attempt++) {
      assert(attempt <= 4, "what was appended to the old file came into no document");
      using file = await Deno.open(path, { append: true });
      const { ino } = await file.stat();
      browser.text.insert(0, `${attempt}\n`);
      await until(() => Deno.statSync(path).ino !== ino, "the file to be replaced");
      file.writeSync(ENCODER.encode(`late ${attempt}\n`));
      // The old file is looked at for some seconds: where this process stood still for so long, once more.
      const giveUpAt = Date.now() + 10_000;
      await until(() => browser.value.includes("late") || Date.now() > giveUpAt, "the line");
    }
    await until(async () => await Deno.readTextFile(path) === browser.value, "the file to hold it");
  },
);

Deno.test("editor: zeros in the place of a text are known as such, however many bytes its characters have", () => {
  const text = "first\nGrüße\nlast\n";
  const zeros = (line: string) => "\0".repeat(new TextEncoder().encode(line).length);
  for (const line of ["first\n", "Grüße\n", "last\n", "ß", "rü"]) {
    const from = new TextEncoder().encode(text.slice(0, text.indexOf(line))).length;
    const shown = text.replace(line, zeros(line));
    assertEquals(isDropped(shown, text, { from, to: 30 }), true);
    assertEquals(
      isDropped(text.replace(line, `${zeros(line)}\0`), text, { from, to: 30 }),
      line === "last\n",
    );
    // What was on the disk before, and what is no work of a sync that failed, is somebody's.
    assertEquals(isDropped(shown, text, { from: from + 1, to: 30 }), false);
    assertEquals(isDropped(shown, text, { from, to: from + zeros(line).length - 1 }), false);
    assertEquals(isDropped(shown, text, undefined), false);
  }
  assertEquals(isDropped(text, text, { from: 0, to: 30 }), false);
});
