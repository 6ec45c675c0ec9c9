// First: Yjs takes chance for itself when it is loaded, which simulations do not allow.
import { EditorStage } from "../sim/_editor_stage.ts";
import { assertEquals } from "@std/assert";
import { simWorld } from "../../actors/world/sim/mod.ts";

Deno.test("editor: who has said all that it has to say is closed once that is saved, also while browsers are there", async () => {
  for (const isTogether of [false, true]) {
    for (const slowness of [1, 30, 100, 200]) {
      const sim = simWorld({ seed: slowness });
      const stage = new EditorStage(sim, "first\n");
      if (isTogether) await stage.page();
      const writer = await stage.line();
      writer.read();
      stage.disk.slowness = slowness;
      await writer.send("last words\n");
      await writer.closeWrite();
      await sim.until(() => writer.hasEnded, 20_000, `the connection to end, at ${slowness}`);
      stage.disk.slowness = 1;
      await sim.until(() => stage.file.endsWith("last words\n"), 5000, "the line to be in the file");
      assertEquals(stage.file, "first\nlast words\n");
      sim.close();
    }
  }
});
