// First: Yjs takes chance for itself when it is loaded, which simulations do not allow.
import { FILE, Stage, START } from "./_stage.ts";
import { afterLook, withLooks } from "./_looks.ts";
import { assert, assertEquals } from "@std/assert";
import { simulate, simWorld } from "../../actors/world/sim/mod.ts";
import type { Disk, World } from "../../actors/world/world.ts";
import { overridden } from "../_overridden.ts";

/** With their ends, in no order of their own. */
function lines(text = ""): string[] {
  return text.split(/(?<=\n)/).toSorted();
}

/** The disk, of which a look at the file is told at once. */
function tellingLooks(disk: Disk, looked: () => void): Disk {
  return withLooks(disk, (path, really) =>
    afterLook(really(), (info) => {
      if (path === FILE) looked();
      return info;
    }));
}

Deno.test("editor: who saves what they made of an old text takes out nothing that came since, also where a line comes at that moment", async () => {
  const sometimes = ["a line met the save"];
  await simulate("editor: what was made of an old text", { seeds: 60, sometimes }, async (sim) => {
    let save = () => {};
    const stage = await Stage.open(
      sim,
      (world) => ({ ...world, disk: tellingLooks(world.disk, () => save()) }),
    );
    const { disk } = stage;
    const writer = stage.line();
    const lines = Array.from({ length: 4 }, (_, index) => `line ${index}`);
    stage.tell({ type: "update", member: writer, text: lines[0] ?? "" });
    await sim.advance(200);
    const read = stage.file;
    for (const text of lines.slice(1)) stage.tell({ type: "update", member: writer, text });
    stage.type("typed\n");
    // Nobody has read it a moment ago.
    await sim.advance(5000 + sim.random.next() * 100);
    let looks = sim.random.integer(0, 3);
    save = () => {
      if (looks-- !== 0) return;
      disk.write(FILE, `by hand\n${read}`);
    };
    const last = sim.random.pick(["last", ""]);
    stage.tell({ type: "update", member: writer, text: last });
    await sim.advance(10);
    sim.sometimes("a line met the save", disk.readText(FILE) === `by hand\n${read}${last}\n`);
    await sim.advance(3000);
    const expected = ["by hand", "typed", ...START.split("\n"), ...lines, last];
    assertEquals(stage.file?.split("\n").toSorted(), expected.toSorted());
  });
});

Deno.test("editor: who saves in the moment in which a line comes is heard, also where the file is replaced right after that", async () => {
  let met = 0;
  for (let at = 0; at < 6; at++) {
    const sim = simWorld({ seed: at + 1 });
    let save = () => {};
    const stage = await Stage.open(
      sim,
      (world) => ({ ...world, disk: tellingLooks(world.disk, () => save()) }),
    );
    const writer = stage.line();
    for (const text of ["a line", "another line"]) stage.tell({ type: "update", member: writer, text });
    await sim.advance(5000);
    // Shorter: what is put where it ended stands behind its end.
    const theirs = stage.file?.replace("another line\n", "") ?? "";
    let looks = at;
    const { clock } = sim.host("person").world;
    save = () => {
      // After the last look, and before what is written then is there.
      if (looks-- === 0) clock.timer(0.01, () => stage.disk.write(FILE, theirs));
    };
    stage.tell({ type: "update", member: writer, text: "last" });
    await sim.advance(10);
    if (stage.file?.includes("\0")) met++;
    stage.type("typed\n");
    await sim.advance(3000);
    assertEquals(lines(stage.file), lines(`typed\n${theirs}last\n`), `${at}`);
    sim.close();
  }
  assert(met > 0, "no save met a line");
});

/** The world, with something done in the moment before the document's file is replaced. */
function beforeReplacements({ disk, ...world }: World, done: () => void): World {
  const { renameNow } = disk;
  if (renameNow === undefined) return { ...world, disk };
  const replace: Disk["renameNow"] = (from, to) => {
    if (to === FILE) done();
    return renameNow.call(disk, from, to);
  };
  return { ...world, disk: overridden(disk, { renameNow: replace }) };
}

Deno.test("editor: who saves what they made of an old text, in the moment in which the file is replaced, takes out nothing", async () => {
  const sim = simWorld({ seed: 1 });
  let save = () => {};
  const stage = await Stage.open(sim, (world) => beforeReplacements(world, () => save()));
  stage.type("A text of some length, of which there is more than of what is put before it.\n");
  await sim.advance(1000);
  const read = stage.file ?? "";
  const words = Array.from({ length: 20 }, (_, index) => `word ${index}\n`);
  for (const word of words) {
    stage.type(word);
    await sim.advance(300);
  }
  const saves = ["by hand\n", "twice\n"];
  for (const more of saves) {
    save = () => {
      save = () => {};
      stage.disk.write(FILE, `${saves.slice(0, saves.indexOf(more) + 1).join("")}${read}`);
    };
    stage.type(`then ${more}`);
    await sim.advance(5000);
  }
  const expected = [...saves, ...words, ...saves.map((more) => `then ${more}`), read].join("");
  assertEquals(lines(stage.file), lines(expected));
  sim.close();
});

Deno.test("editor: who goes on with what they have saved takes out nothing, however much was typed meanwhile", async () => {
  const sim = simWorld({ seed: 1 });
  const stage = await Stage.open(sim);
  let own = stage.file ?? "";
  const words: string[] = [];
  const type = async (count: number) => {
    for (const to = words.length + count; words.length < to;) {
      words.push(`word ${words.length}\n`);
      stage.type(words.at(-1) ?? "");
      await sim.advance(150);
    }
  };
  const saves = ["one\n", "two\n", "three\n"];
  for (const more of saves) {
    await type(500);
    own += more;
    stage.disk.write(FILE, own);
    await sim.advance(1000);
  }
  const expected = [...saves, ...words, START];
  assertEquals(lines(stage.file), lines(expected.join("")));
  sim.close();
});

Deno.test("editor: who saves the same again takes out nothing that others have typed meanwhile, however long the text is", async () => {
  for (const length of [10, 280_000]) {
    const sim = simWorld({ seed: 1 });
    const stage = await Stage.open(sim);
    stage.type(`${"a long text ".repeat(length / 10)}\n`);
    await sim.advance(1000);
    const own = `own\n${stage.file ?? ""}`;
    const words = Array.from({ length: 40 }, (_, index) => `word ${index}\n`);
    for (const word of words) {
      if (Number(word.split(" ")[1]) % 20 === 0) stage.disk.write(FILE, own);
      await sim.advance(500);
      stage.type(word);
    }
    await sim.advance(1000);
    stage.disk.write(FILE, `more\n${own}`);
    await sim.advance(1000);
    assertEquals(lines(stage.file).length, lines(own).length + words.length + 1);
    assertEquals(lines(stage.file), lines(["more\n", own, ...words].join("")));
    sim.close();
  }
});
