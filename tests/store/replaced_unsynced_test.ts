import { assert, assertEquals, assertRejects } from "@std/assert";
import { LogFile, type LogForm } from "../../actors/store/mod.ts";
import { WorldError } from "../../actors/world/world.ts";
import { type SimHost, type SimWorld, simWorld } from "../../actors/world/sim/mod.ts";

const PATH = "/log";
const encoder = new TextEncoder();

/** Another process writes into the file, and syncs nothing. */
async function write(sim: SimWorld, { world }: SimHost, text: string, at: "start" | "end"): Promise<void> {
  const file = await sim.settle(world.disk.open(PATH, { write: true, read: true }));
  const offset = at === "start" ? 0 : await sim.settle(file.size());
  await sim.settle(file.write(encoder.encode(text), offset));
  file.close();
  await sim.advance(100);
}

/** What of the log the power leaves. */
async function afterPowerCut(sim: SimWorld, host: SimHost, form: LogForm): Promise<string[]> {
  host.crash();
  host.restart(() => {});
  const found: string[] = [];
  const replay = (record: Uint8Array) => void found.push(new TextDecoder().decode(record));
  await sim.settle(LogFile.open(host.world.disk, PATH, { form, replay }));
  return found;
}

const EDITS = {
  framed: { text: "?", at: "end" },
  text: { text: "Xfirst\nflushed\n", at: "start" },
} as const;

for (const form of ["framed", "text"] as const) {
  for (const end of ["sync", "close"] as const) {
    Deno.test(`log file: what a ${form} log flushed is on the disk after a ${end}, though somebody else wrote meanwhile`, async () => {
      for (const wasThere of [false, true]) {
        for (let seed = 1; seed <= 20; seed++) {
          const sim = simWorld({ seed });
          const host = sim.host("a");
          if (wasThere) host.disk.write(PATH, "");
          const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form }));
          log.append("first");
          await sim.settle(log.sync());
          log.append("flushed");
          await sim.settle(log.flush());
          const { text, at } = EDITS[form];
          await write(sim, host, text, at);
          await sim.settle<unknown>(end === "sync" ? log.sync() : log.close());
          const found = await afterPowerCut(sim, host, form);
          assert(found.includes("flushed"), `seed ${seed}: ${found}`);
        }
      }
    });
  }
}

for (
  const [form, first] of [
    ["framed", "the sync fails"],
    ["framed", "somebody else writes"],
    ["text", "the sync fails"],
    ["text", "somebody else writes"],
  ] as const
) {
  Deno.test(`log file: what a ${form} log flushed is on the disk after a sync, though one failed and somebody else wrote: first ${first}`, async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const sim = simWorld({ seed });
      const host = sim.host("a");
      const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form }));
      log.append("first");
      await sim.settle(log.sync());
      log.append("flushed");
      await sim.settle(log.flush());
      const failing = async () => {
        host.disk.failNext("sync", "other", { path: PATH, dropsPages: true });
        await sim.settle(assertRejects(() => log.sync(), WorldError));
      };
      const { text, at } = EDITS[form];
      if (first === "the sync fails") await failing();
      await write(sim, host, text, at);
      if (first === "somebody else writes") await failing();
      await sim.settle(log.sync());
      const found = await afterPowerCut(sim, host, form);
      assert(found.includes("flushed"), `seed ${seed}: ${found}`);
    }
  });
}

const CUT_BACK: readonly (readonly [what: string, refuse: (host: SimHost) => void, at: "start" | "end"])[] = [
  // What somebody has saved could not be read before the sync that was to make it durable.
  ["what somebody had saved anew", ({ disk }) => disk.failNext("read", "other", { path: PATH }), "start"],
  // What was left of the batch stands before what somebody has added.
  ["what somebody had added behind what stayed of it", ({ disk }) => {
    disk.failNext("sync", "other", { path: PATH });
    disk.failNext("truncate", "other", { path: PATH });
  }, "end"],
];

for (const [what, refuse, at] of CUT_BACK) {
  Deno.test(`log file: ${what} is there and on the disk, though the sync that took a refused batch back lost its pages`, async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const sim = simWorld({ seed });
      const host = sim.host("a");
      const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form: "text" }));
      log.append("first");
      await sim.settle(log.sync());
      const isRefused = async (appended: string) => {
        log.append(appended);
        await sim.settle(assertRejects(() => log.sync(), WorldError));
      };
      const saved = "typed by hand\n";
      if (at === "start") {
        await write(sim, host, `FIRST\n${saved}`, "start");
        log.append("flushed");
        await sim.settle(log.flush());
      }
      refuse(host);
      if (at === "end") {
        await isRefused("refused at first");
        await write(sim, host, saved, "end");
      }
      host.disk.failNext("sync", "other", { path: PATH, dropsPages: true });
      await isRefused("refused");
      log.append("last");
      await sim.settle(log.sync());
      // What stood there before, to the byte, a disk may show again.
      const expected = `first\n${saved}${at === "start" ? "flushed\n" : ""}last\n`;
      assertEquals(host.disk.readText(PATH)?.toLowerCase(), expected, `seed ${seed}`);
      assertEquals(host.disk.readDurableText(PATH)?.toLowerCase(), expected, `seed ${seed}, on the disk`);
    }
  });
}
