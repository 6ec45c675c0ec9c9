import { assert, assertEquals } from "@std/assert";
import { simulate } from "../../actors/world/sim/mod.ts";
import { prepare, recordText, STAMP, startStore } from "./_store.ts";

Deno.test("records archive: no more files are in use than may be, who waits comes in turn, and each file's commands in order", async () => {
  await simulate("records archive", { seeds: 3 }, async (sim) => {
    const host = prepare(sim, {});
    const store = startStore(host.world, { maxFilesInUse: 2 });
    await sim.settle(store.opened);
    const ids = Array.from({ length: 10 }, (_, index) => `${100 + index}`);
    const done: string[] = [];
    const asked = ["first", "second"].flatMap((text) =>
      ids.map(async (id) => {
        const written = store.write(id, recordText(STAMP, text));
        const read = store.read(id);
        assertEquals((await written).type, "success");
        assertEquals((await read).data, recordText(STAMP, text), `what is read after the ${text} write`);
        if (text === "second") done.push(id);
      })
    );
    let most = 0;
    let left = asked.length;
    for (const each of asked) each.finally(() => left--).catch(() => {});
    await sim.until(() => {
      const names = host.disk.names("/files").filter((name) => name.includes(".tmp"));
      most = Math.max(most, names.length);
      return left === 0;
    }, 60_000);
    await sim.settle(Promise.all(asked));
    assert(most <= 2, `${most} files were in use`);
    // Two side by side may change places with their neighbours.
    for (const [at, id] of done.entries()) assert(Math.abs(at - ids.indexOf(id)) <= 1, done.join(" "));
    await sim.settle(store.system.stop());
  });
});
