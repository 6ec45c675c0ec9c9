// First: Yjs takes chance for itself when it is loaded, which simulations do not allow.
import { FILE, Stage, START } from "./_stage.ts";
import { afterLook, withLooks } from "./_looks.ts";
import { assertEquals } from "@std/assert";
import { simulate } from "../../actors/world/sim/mod.ts";
import type { Disk } from "../../actors/world/world.ts";

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
