/**
 * Logs longer than what is read, or left without a sync, at a time, for the store's campaign.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { LogFile, type LogForm } from "../../actors/store/mod.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import { WorldError } from "../../actors/world/world.ts";

/** So much of a log is read at a time. */
const READ_BYTES = 1 << 18;
/** Before each record of a framed log. */
const HEADER_BYTES = 8;
const PATH = "/archive";

/** With every fifth seed a log is read piece by piece; with every fiftieth much is flushed and not synced. */
export async function longLog(sim: SimWorld, host: SimHost): Promise<void> {
  if (sim.seed % 5 === 0) await readInPieces(sim, host);
  if (sim.seed % 50 === 7) await flushedMuch(sim, host);
}

/** A record ends a byte or two before or behind what is read at a time, or just there. */
async function readInPieces(sim: SimWorld, host: SimHost): Promise<void> {
  const beyond = (sim.seed / 5) % 5 - 2;
  const first = "first ".repeat(5000);
  const rest = READ_BYTES + beyond - 2 * HEADER_BYTES - first.length;
  const records = [first, "x".repeat(rest), "behind it", "y".repeat(READ_BYTES + beyond), "last"];
  const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form: "framed" }));
  for (const record of records) log.append(record);
  await sim.settle(log.close());
  assertEquals(await readAgain(sim, host, "framed"), records.map(lengthOf));
}

/** A process that only flushes does not gather without limit what it would have to write again. */
async function flushedMuch(sim: SimWorld, host: SimHost): Promise<void> {
  const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form: "text" }));
  const records: string[] = [];
  const flush = async (record: string) => {
    log.append(record);
    await sim.settle(log.flush());
    records.push(record);
  };
  for (let count = 0; count < 9; count++) await flush("z".repeat((1 << 20) + count));
  const synced = host.disk.readDurableText(PATH)?.length ?? 0;
  assertEquals(synced > 8 << 20, true, `of 9 MiB that were flushed ${synced} bytes are on the disk`);
  await flush("flushed");
  host.disk.failNext("sync", "other", { path: PATH, dropsPages: true });
  await sim.settle(assertRejects(() => log.sync(), WorldError));
  await sim.settle(log.sync());
  host.crash();
  assertEquals(await readAgain(sim, host, "text"), records.map(lengthOf));
}

async function readAgain(sim: SimWorld, host: SimHost, form: LogForm): Promise<number[]> {
  host.restart(() => {});
  const lengths: number[] = [];
  const replay = (record: Uint8Array) => lengths.push(record.length);
  const log = await sim.settle(LogFile.open(host.world.disk, PATH, { form, replay }));
  await sim.settle(log.close());
  return lengths;
}

function lengthOf(record: string): number {
  return record.length;
}
