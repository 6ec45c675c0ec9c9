import { assertEquals } from "@std/assert";
import { LogFile } from "../../actors/store/mod.ts";
import { type SimHost, type SimWorld, simWorld } from "../../actors/world/sim/mod.ts";

const PATH = "/data/records.log";
const SIGNATURE = { text: "a test's records 1", of: "a test's records" };
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Opens the log in this life of the host; and what is in it. */
async function open(sim: SimWorld, { world }: SimHost): Promise<{ log: LogFile; found: string[] }> {
  const found: string[] = [];
  const replay = (record: Uint8Array) => found.push(decoder.decode(record));
  const log = await sim.settle(
    LogFile.open(world.disk, PATH, { form: "framed", signature: SIGNATURE, replay }),
  );
  return { log, found };
}

async function append(sim: SimWorld, log: LogFile, record: string): Promise<void> {
  log.append(encoder.encode(record));
  await sim.settle(log.sync());
}

Deno.test("log file: what is written into a file that a process put in place before it was killed does not go with the file's name", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const sim = simWorld({ seed });
    const host = sim.host("machine");
    host.disk.makeDirectory("/data");
    {
      const { log } = await open(sim, host);
      await append(sim, log, "old");
      host.crashAt({ when: "after", how: "kill", operation: "rename" });
      log.rewrite(() => [encoder.encode("anew")]).catch(() => {});
      await sim.until(() => !host.isUp, 1000);
    }
    host.restart(() => {});
    {
      const { log, found } = await open(sim, host);
      assertEquals(found, ["anew"]);
      await append(sim, log, "acknowledged");
    }
    host.crash();
    host.restart(() => {});
    const { log, found } = await open(sim, host);
    assertEquals(found, ["anew", "acknowledged"], `seed ${seed}`);
    await sim.settle(log.close());
  }
});
