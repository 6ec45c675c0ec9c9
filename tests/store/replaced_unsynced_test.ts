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

/** What is typed is shorter than a refused batch, begins as one does, or is longer. */
const TYPED = ["typed by hand\n", "refused too\nrefused\n", `typed by hand ${"and more ".repeat(2000)}\n`];

async function refuse(sim: SimWorld, log: LogFile, text = "refused"): Promise<void> {
  log.append(text);
  await sim.settle(assertRejects(() => log.sync(), WorldError));
}

function losing({ disk }: SimHost): void {
  disk.failNext("sync", "other", { path: PATH, dropsPages: true });
}

/** A log of which one line is on the disk. */
async function begun(seed: number): Promise<{ sim: SimWorld; host: SimHost; log: LogFile }> {
  const sim = simWorld({ seed });
  const host = sim.host("a");
  const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form: "text" }));
  log.append("first");
  await sim.settle(log.sync());
  return { sim, host, log };
}

/** A batch is refused, and could not be cut back: it stays. */
async function stays(sim: SimWorld, host: SimHost, log: LogFile, text?: string): Promise<void> {
  host.disk.failNext("sync", "other", { path: PATH });
  host.disk.failNext("truncate", "other", { path: PATH });
  await refuse(sim, log, text);
}

/** The next commit is good, and so is all that is there; what stood there before, a disk may show again. */
async function checkAfter(sim: SimWorld, host: SimHost, log: LogFile, expected: string): Promise<void> {
  log.append("last");
  await sim.settle(log.sync());
  for (const text of [host.disk.readText(PATH), host.disk.readDurableText(PATH)]) {
    assertEquals(text?.toLowerCase(), `${expected}last\n`, `seed ${sim.seed}`);
  }
}

for (const what of ["cannot be read", "is read"]) {
  Deno.test(`log file: what somebody had saved anew is there after syncs that lost their pages, where it ${what} before them`, async () => {
    for (let seed = 1; seed <= 120; seed++) {
      const { sim, host, log } = await begun(seed);
      const saved = TYPED[seed % 3] ?? "";
      await write(sim, host, `FIRST\n${saved}`, "start");
      log.append("flushed");
      await sim.settle(log.flush());
      if (what === "cannot be read") host.disk.failNext("read", "other", { path: PATH });
      for (let times = seed % 4; times >= 0; times--) {
        losing(host);
        await refuse(sim, log);
      }
      await checkAfter(sim, host, log, `first\n${saved}flushed\n`);
    }
  });
}

Deno.test("log file: what somebody had added behind a batch that stayed is there after syncs that lost their pages", async () => {
  for (let seed = 1; seed <= 120; seed++) {
    const { sim, host, log } = await begun(seed);
    await stays(sim, host, log, seed % 2 === 0 ? "refused" : "refused at first");
    let saved = "";
    const type = async (text = "") => {
      saved += text;
      await write(sim, host, text, "end");
    };
    await type(TYPED[seed % 3]);
    // What others have written is moved up by the next take-back.
    if (seed % 5 === 0) {
      host.disk.failNext("write", "other", { path: PATH });
      await refuse(sim, log);
    }
    for (let times = seed % 4; times >= 0; times--) {
      losing(host);
      await refuse(sim, log);
      if (seed % 7 > 3) await type(`more ${times}\n`);
    }
    await checkAfter(sim, host, log, `first\n${saved}`);
  }
});

Deno.test("log file: who adds what begins as a refused batch does, which stayed, loses nothing of it", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { sim, host, log } = await begun(seed);
    await stays(sim, host, log);
    await write(sim, host, "refused\nrefused too\n", "end");
    host.disk.failNext("sync", "other", { path: PATH });
    await refuse(sim, log);
    await checkAfter(sim, host, log, "first\nrefused\nrefused too\n");
  }
});

Deno.test("log file: what somebody had added behind a batch that stayed is there once, though it could not be cut back twice", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const { sim, host, log } = await begun(seed);
    host.disk.failNext("sync", "other", { path: PATH });
    for (let times = 1 + seed % 2; times >= 0; times--) {
      host.disk.failNext("truncate", "other", { path: PATH });
      await refuse(sim, log, "refused at first");
      if (times > 0) await write(sim, host, TYPED[(seed + times) % 3] ?? "", "end");
    }
    const saved = Array.from({ length: 1 + seed % 2 }, (_, at) => TYPED[(seed + 1 + seed % 2 - at) % 3]);
    await checkAfter(sim, host, log, `first\n${saved.join("")}`);
  }
});

Deno.test("log file: the end that a refused batch had put behind half a line is there, if somebody has gone on behind it", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const { sim, host, log } = await begun(seed);
    await write(sim, host, "half a line", "end");
    await sim.settle(log.sync());
    losing(host);
    host.disk.failNext("truncate", "other", { path: PATH });
    await refuse(sim, log);
    await write(sim, host, "typed by hand\n", "end");
    await checkAfter(sim, host, log, "first\nhalf a line\ntyped by hand\n");
  }
});
