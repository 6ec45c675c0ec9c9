/**
 * What strangers do to the files that services own: the kinds 11 to 16 of `docs/faults.md`.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type SimHost, type SimWorld, switchingZone } from "../../actors/world/sim/mod.ts";
import { ActorSystem, errorText } from "../../mod.ts";
import { recordText } from "../records/_store.ts";
import { type Campaign, delay } from "./_harness.ts";
import {
  askRecords,
  CHAT,
  DATA,
  EDITOR,
  OWNERS,
  PEER,
  RECORDS,
  type SimOwner,
  startOwner,
  writeRecord,
} from "./_strangers_files.ts";

const OUTSIDE = "/outside";
const OTHER_PORT = 7001;
/** Nine hours ahead of UTC. */
const TOKYO = switchingZone("Test/Tokyo", { beforeMinutes: 540, afterMinutes: 540, atMs: 0 });

interface Scenario {
  readonly name: string;
  run(sim: SimWorld, host: SimHost): Promise<void>;
}

/** What is done to a file that grows by lines while its server runs. */
const DISTURBED: Record<string, (host: SimHost, path: string) => void> = {
  removed: (host, path) => host.disk.remove(path),
  rotated(host, path) {
    host.disk.write(`${path}.1`, host.disk.read(path) ?? "");
    host.disk.remove(path);
  },
  emptied: (host, path) => host.disk.write(path, ""),
  "cut in a line": (host, path) =>
    host.disk.write(path, (host.disk.read(path) ?? new Uint8Array()).slice(0, 9)),
  overwritten: (host, path) => host.disk.write(path, "somebody's notes\n".repeat(20)),
};

/** A damage that is set aside. */
const DAMAGED = [[PEER, "memory"], [RECORDS, "records.json"]] as const;

const ALL: readonly Scenario[] = [
  ...OWNERS.flatMap((owner): Scenario[] => [
    { name: `11 at ${owner.name}`, run: (_, host) => linksBeside(owner, host) },
    { name: `12 at ${owner.name}`, run: (_, host) => modeAndLink(owner, host) },
    { name: `13 at ${owner.name}`, run: (_, host) => second(owner, host) },
  ]),
  ...[EDITOR, CHAT].flatMap((owner): Scenario[] => [
    { name: `14 at ${owner.name}`, run: (_, host) => folderInPlace(owner, host) },
    ...Object.entries(DISTURBED).map(([what, disturb]) => ({
      name: `15 at ${owner.name}: ${what}`,
      run: (sim: SimWorld, host: SimHost) => disturbed(sim, owner, host, disturb),
    })),
  ]),
  ...DAMAGED.map(([owner, file]) => ({
    name: `15 at ${owner.name}: ${file} damaged`,
    run: (_: SimWorld, host: SimHost) => setAside(owner, host, file),
  })),
  { name: "14 at records", run: (_, host) => badRecords(host) },
  { name: "14 at peer", run: (_, host) => badNames(host) },
  { name: "16 at records", run: (_, host) => futureStamps(host) },
];

/** Every scenario at once, each on a machine of its own. */
export const strangersAtFiles: Campaign = {
  name: "strangers at every file",
  sometimes: ALL.map(({ name }) => name),
  async run(sim) {
    await sim.settle(
      Promise.all(ALL.map(async ({ name, run }, index) => {
        const host = sim.host(`m${index}`, name.startsWith("16") ? { timeZone: TOKYO } : {});
        host.disk.makeDirectory(`${DATA}/Node1`);
        host.disk.write(OUTSIDE, "mine");
        host.disk.slowness = sim.random.pick([1, 1, 10]);
        await delay(sim.host("conductor").world, sim.random.integer(0, 1000));
        try {
          await run(sim, host);
        } catch (error) {
          throw new Error(`${name}: ${errorText(error)}`, { cause: error });
        }
        assertEquals(host.disk.readText(OUTSIDE), "mine", name);
        sim.sometimes(name);
      })),
      120_000,
    );
  },
};

function textOf(host: SimHost, { file }: SimOwner): string {
  return host.disk.readText(`${DATA}/${file}`) ?? "";
}

/** Links under every name that could have been foreseen lead nobody out of the folder. */
async function linksBeside(owner: SimOwner, host: SimHost): Promise<void> {
  const { file } = owner;
  for (const name of [`.${file}.tmp`, `.${file}..tmp`, `${file}.tmp`, `${file}.new`, `${file}~`]) {
    host.disk.link(`${DATA}/${name}`, OUTSIDE);
  }
  await startOwner(owner, host);
  await owner.say(host, "a stranger's");
  assertStringIncludes(textOf(host, owner), owner.holds("a stranger's"));
}

/** What is replaced keeps its mode and, where its name is a link, the link; also over a power cut. */
async function modeAndLink(owner: SimOwner, host: SimHost): Promise<void> {
  const { file } = owner;
  const real = `${DATA}/real/${file}`;
  host.disk.write(real, owner === RECORDS ? recordText("2026-01-01 00:00:00", "old") : "");
  host.disk.setMode(real, 0o600);
  host.disk.link(`${DATA}/${file}`, `real/${file}`);
  await startOwner(owner, host);
  for (const text of ["first", "second"]) await owner.say(host, text);
  host.crash();
  for (const path of [real, `${DATA}/${file}`]) {
    assertStringIncludes(host.disk.readText(path) ?? "", owner.holds("second"));
    assertEquals(host.disk.mode(path), 0o600);
  }
  host.restart();
}

/** A second server on the same file, by another path: it ends, and the first one goes on. */
async function second(owner: SimOwner, host: SimHost): Promise<void> {
  host.disk.link("/link", DATA);
  await startOwner(owner, host);
  await owner.say(host, "first");
  const system = new ActorSystem("second", { world: host.world });
  owner.spawn(system, OTHER_PORT, `/link/${owner.file}`);
  const why = await system.terminated.then(() => "", (error) => errorText(error));
  assertStringIncludes(why, "another process has it");
  await owner.say(host, "still here");
  assertStringIncludes(textOf(host, owner), owner.holds("still here"));
}

/** A folder where the file should be: the server ends, and says what it is about. */
async function folderInPlace(owner: SimOwner, host: SimHost): Promise<void> {
  host.disk.makeDirectory(`${DATA}/${owner.file}`);
  const system = new ActorSystem("server", { world: host.world });
  owner.spawn(system, OTHER_PORT, `${DATA}/${owner.file}`);
  const why = await system.terminated.then(() => "", (error) => errorText(error));
  assertStringIncludes(why, owner.file);
}

/** Of a file that somebody else has changed, nothing is lost that is said from then on. */
async function disturbed(
  sim: SimWorld,
  owner: SimOwner,
  host: SimHost,
  disturb: (host: SimHost, path: string) => void,
): Promise<void> {
  await startOwner(owner, host);
  await owner.say(host, "before");
  disturb(host, `${DATA}/${owner.file}`);
  if (sim.random.chance(0.5)) await delay(host.world, sim.random.integer(0, 1000));
  for (const text of ["after one", "after two"]) await owner.say(host, text);
  host.crash();
  host.restart();
  await delay(sim.host("conductor").world, 1000);
  await owner.say(host, "after the crash");
  for (const text of ["after one", "after two", "after the crash"]) {
    assertEquals(
      textOf(host, owner).split(text).length,
      2,
      `${text} in ${JSON.stringify(textOf(host, owner))}`,
    );
  }
}

/** What is no memory, or no record file, is kept beside it, where no link waits, and the service runs. */
async function setAside(owner: SimOwner, host: SimHost, file: string): Promise<void> {
  host.disk.write(`${DATA}/${file}`, "a stranger's");
  await startOwner(owner, host);
  await owner.say(host, "new");
  assertStringIncludes(textOf(host, owner), owner.holds("new"));
  const kept = host.disk.names(DATA).filter((name) => name.startsWith(`${file}.damaged-`));
  assertEquals(kept.map((name) => host.disk.readText(`${DATA}/${name}`)), ["a stranger's"]);
}

/** Bad records cost those alone. */
async function badRecords(host: SimHost): Promise<void> {
  host.disk.write(`${DATA}/1.txt`, recordText("2026-01-01 00:00:00", "fine"));
  host.disk.makeDirectory(`${DATA}/2.txt`);
  host.disk.link(`${DATA}/3.txt`, OUTSIDE);
  host.disk.link(`${DATA}/4.txt`, "4.txt");
  host.disk.write(`${DATA}/7.txt`, recordText("2026-01-01 00:00:00", "rotten sector"));
  for (const operation of ["open", "read"] as const) {
    host.disk.failNext(operation, "permission-denied", { path: `${DATA}/7.txt`, count: 1_000_000 });
  }
  await startOwner(RECORDS, host);
  for (const id of ["2", "3", "4", "7"]) {
    const answer = await askRecords(host, { client_ID: id, type: "read" });
    assertStringIncludes(answer, '"error"', id);
    assert(!answer.includes("mine"), answer);
  }
  assertStringIncludes(await askRecords(host, { client_ID: "1", type: "read" }), "fine");
  await RECORDS.say(host, "still served");
  assertStringIncludes(textOf(host, RECORDS), "still served");
}

/** What is no file in a node's folder is in no list. */
async function badNames(host: SimHost): Promise<void> {
  host.disk.write(`${DATA}/Node1/fine.txt`, "");
  host.disk.makeDirectory(`${DATA}/Node1/folder`);
  host.disk.link(`${DATA}/Node1/outside`, OUTSIDE);
  host.disk.link(`${DATA}/Node1/loop`, "loop");
  host.disk.write(`${DATA}/Node1/line\nbreak`, "");
  await startOwner(PEER, host);
  await PEER.say(host, "later.txt");
  assertEquals(textOf(host, PEER), "Leader Node 1 files:\nfine.txt\nlater.txt\n");
}

/** A stamp of the future counts as old, in whatever zone. */
async function futureStamps(host: SimHost): Promise<void> {
  host.disk.write(`${DATA}/8.txt`, recordText("9999-12-31 23:59:59", "the last day"));
  await startOwner(RECORDS, host);
  await writeRecord(host, "9", recordText("2026-06-01 00:00:00", "from tomorrow"));
  await delay(host.world, 3000);
  for (const id of ["8", "9"]) {
    const text = host.disk.readText(`${DATA}/${id}.txt`) ?? "";
    // The simulated world begins with the year, in UTC.
    assert(/^Last updated: 2026-01-01 09:00:\d\d\n/.test(text), text);
  }
}
