/**
 * The records store without its sockets, on a simulated machine.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { archive } from "../../actors/records/archive.ts";
import type { Answered, RecordCommand } from "../../actors/records/record.ts";
import type { IndexOpened, RecordIndexCommand } from "../../actors/records/index_messages.ts";
import { recordIndex } from "../../actors/records/record_index.ts";
import { refresher } from "../../actors/records/refresher.ts";
import type { RecordsResponse } from "../../protocols/records.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem, type Ref, type World } from "../../mod.ts";

// The first difference that is shown loads what a simulation would not let it load.
try {
  assertEquals(1, 2);
} catch {
  // As it should.
}

/** Folders and names, on a simulated disk. */
export const PLACES = { filesDirectory: "/files", recordDirectory: "/record", recordName: "records.json" };

/** A datestamp. */
export const STAMP = "2025-03-18 13:14:33";

/** A machine with these files and this record file. */
export function prepare(sim: SimWorld, files: Record<string, string>, recordFile?: string): SimHost {
  const host = sim.host("a");
  host.disk.makeDirectory(PLACES.filesDirectory);
  host.disk.makeDirectory(PLACES.recordDirectory);
  for (const [name, text] of Object.entries(files)) host.disk.write(`/files/${name}`, text);
  if (recordFile !== undefined) host.disk.write("/record/records.json", recordFile);
  return host;
}

/** A store that runs. */
export interface Store {
  readonly system: ActorSystem;
  readonly index: Ref<RecordIndexCommand>;
  /** Resolves when what is on the disk is recovered. */
  readonly opened: Promise<IndexOpened>;
  read(id: string): Promise<RecordsResponse>;
  write(id: string, text: string): Promise<RecordsResponse>;
  count(): Promise<number>;
}

/** What a store may be given. */
export interface StoreOptions {
  /** How often it looks for old records; without, it does not. */
  readonly refresh?: { readonly intervalMs: number; readonly thresholdMs: number };
  readonly manyIntents?: number;
  readonly maxFilesInUse?: number;
  /** @default that of {@linkcode PLACES} */
  readonly filesDirectory?: string;
  /** @default that of {@linkcode PLACES} */
  readonly recordDirectory?: string;
}

const WITHIN = { timeoutMs: 120_000 };

/** Starts a store in a world whose disk has the folders of {@linkcode PLACES}. */
export function startStore(
  world: World,
  { refresh, maxFilesInUse, ...options }: StoreOptions = {},
): Store {
  const system = new ActorSystem("store", { world });
  const index: Ref<RecordIndexCommand> = system.spawn("index", recordIndex({ ...PLACES, ...options }));
  const files: Ref<RecordCommand> = system.spawn(
    "files",
    archive({
      filesDirectory: options.filesDirectory ?? PLACES.filesDirectory,
      index,
      ...(maxFilesInUse === undefined ? {} : { maxFilesInUse }),
    }),
  );
  if (refresh !== undefined) system.spawn("refresher", refresher({ index, archive: files, ...refresh }));
  const request = async (make: (replyTo: Ref<Answered>) => RecordCommand) =>
    (await files.ask<Answered>(make, WITHIN)).response;
  return {
    system,
    index,
    opened: index.ask((replyTo: Ref<IndexOpened>) => ({ type: "open", replyTo }), WITHIN),
    read: (id) => request((replyTo) => ({ type: "read", id, tag: 0, replyTo })),
    write: (id, text) => request((replyTo) => ({ type: "write", id, text, tag: 0, replyTo })),
    count: () => index.ask((replyTo: Ref<number>) => ({ type: "get-count", replyTo }), WITHIN),
  };
}

/** Starts a host again that has crashed or was killed, and a store on it. */
export async function startAgain(sim: SimWorld, host: SimHost): Promise<Store> {
  host.restart(() => {});
  const store = startStore(host.world);
  await sim.settle(store.opened);
  return store;
}

/** A record as a client sends it. */
export function recordText(stamp: string, rest: string): string {
  return `Last updated: ${stamp}\nStudent ID: 1\nReason: ${rest}\n`;
}

/** What is on a host's disk: the files' texts and the record file, by id. */
export function onDisk(host: SimHost): { texts: Map<string, string>; records: Map<string, string> } {
  const texts = new Map<string, string>();
  for (const name of host.disk.names("/files")) {
    const id = /^([0-9]{1,20})\.txt$/.exec(name)?.[1];
    assert(id !== undefined, `what is ${name}?`);
    texts.set(id, host.disk.readText(`/files/${name}`) ?? "");
  }
  return {
    texts,
    records: new Map(Object.entries(JSON.parse(host.disk.readText("/record/records.json") ?? ""))),
  };
}

/** Each file has one line in the record file, with the datestamp of its first line, and nothing else. */
export function assertSameRecords(host: SimHost): void {
  const { texts, records } = onDisk(host);
  const stamps = [...texts].map(([id, text]) => [id, /^Last updated: (.*)/.exec(text)?.[1]] as const);
  assertEquals(new Map([...records].sort()), new Map([...stamps].sort()));
  const lines = host.disk.readText("/record/records.json")?.match(/^ {2}"\d+":/gm) ?? [];
  assertEquals(lines.length, records.size, "a record has several lines in the record file");
}

/** As {@linkcode assertSameRecords}, with nothing left under way. */
export function assertAgree(host: SimHost): void {
  assertSameRecords(host);
  assertEquals(host.disk.names("/record"), ["records.json"]);
}
