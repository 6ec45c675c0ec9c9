// First: Yjs takes chance for itself when it is loaded, which simulations do not allow.
import { FILE, Stage, START } from "./_stage.ts";
import { assertEquals } from "@std/assert";
import { simulate } from "../../actors/world/sim/mod.ts";

Deno.test("editor: a part of a line that could neither be written nor taken back is no edit of the file", async () => {
  const sometimes = ["a part is left"];
  await simulate("editor: a part that is left", { seeds: 60, sometimes }, async (sim) => {
    const stage = await Stage.open(sim);
    stage.disk.failNext("write", "no-space", { path: FILE });
    stage.disk.failNext("truncate", "other", { path: FILE, count: 2 });
    stage.tell({ type: "update", member: stage.line(), text: "a line" });
    await sim.advance(50);
    sim.sometimes("a part is left", stage.file !== START && stage.file !== `${START}a line\n`);
    await sim.advance(5000);
    assertEquals(stage.file, `${START}a line\n`);
  });
});
