/**
 * A swarm of six under chaos: every download that can end ends, byte for byte, and nothing outside the folder
 * is touched.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { peer, type PeerNode } from "../../actors/election/mod.ts";
import { sharing, type SharingCommand, type SharingOptions } from "../../actors/sharing/mod.ts";
import type { DownloadNotice } from "../../actors/sharing/mod.ts";
import type { ChaosPlan, SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import type { ElectionNotice, SubscribeElection } from "../../protocols/election_events.ts";
import { type Behavior, escalate, type Ref, registryKey } from "../../mod.ts";
import { formatMagnet } from "../../protocols/magnet.ts";
import { isSameContent, torrentOf } from "../sharing/_torrent.ts";
import { DrawnElection } from "./_drawn_election.ts";
import { lying } from "../sharing/_lying_world.ts";
import { someBytes } from "../sharing/_network.ts";
import {
  ANY_DISK_OPERATION,
  type Campaign,
  lasting,
  MACHINE_FAULTS,
  NETWORK_FAULTS,
  playsAll,
  service,
  TEARING,
} from "./_harness.ts";
import { withstand } from "./_long_pause.ts";

const NODES = 6;
/** Nodes 5 and 6 lie: what they read of their files is not always what is there. */
const LIARS = [5, 6];
const CHAOS_MS = 12_000;
/** Faults come so much more often than elsewhere: it is the time between them that costs. */
const HASTE = 5 / 3;
/**
 * When all is well again: three elections, announces at their intervals, peers that were silent and are tried
 * again.
 */
const CALM_MS = 180_000;
const LOOK_MS = 50;
const RETRY_MS = 700;
/** With one seed of so many the election is a real one; with the others it is drawn, which costs little. */
const REAL_ELECTION_ONE_IN = 5;
/** Where elections listen. */
const ELECTION_PORT = 8080;
/** Begins the log line of a download that failed. */
const FAILED = "Download failed: ";

/** The sharing as it is. */
export const sharingUnderChaos: Campaign = sharingCampaign("sharing under chaos", sharing);

type Share = (options: SharingOptions) => Behavior<SharingCommand>;

/** The campaign with the sharing as given. */
export function sharingCampaign(name: string, share: Share): Campaign {
  // What occurs in few seeds as well; the rest is asked of long runs by `--counts`.
  const sometimes = [
    ...["fault: power cut", "fault: killed", "fault: way cut", "fault: watch event lost"],
    ...["fault: crash before sync", "fault: power cut leaves sectors out of order"],
  ];
  return { name, sometimes, run: (sim) => run(sim, share) };
}

type Election = SubscribeElection<Ref<ElectionNotice>>;

interface TestFile {
  readonly name: string;
  /** A magnet link of it. */
  readonly magnet: string;
  readonly bytes: Uint8Array;
  readonly holders: readonly number[];
}

async function run(sim: SimWorld, share: Share): Promise<void> {
  const nodes: PeerNode[] = Array.from({ length: NODES }, (_, index) => ({
    id: index + 1,
    address: { hostname: `n${index + 1}`, port: ELECTION_PORT },
  }));
  const files = makeFiles(sim);
  const chaosMs = lasting(sim, CHAOS_MS);
  const hosts = nodes.map(({ address }) => sim.host(address.hostname));
  const isReal = sim.seed % REAL_ELECTION_ONE_IN === 0;
  const drawn = isReal ? undefined : new DrawnElection(sim, hosts, ELECTION_PORT, chaosMs);
  sim.sometimes(isReal ? "the election was a real one" : "the election was drawn");
  nodes.forEach(({ id }, index) => {
    const host = hosts[index];
    if (host === undefined) return;
    host.disk.makeDirectory(`/data/Node${id}`);
    for (const file of files) {
      if (file.holders.includes(id)) host.disk.write(`/data/Node${id}/${file.name}`, file.bytes);
    }
    const program = service("node", () => node({ id, nodes, files, share, election: drawn?.of(id) }));
    host.start(LIARS.includes(id) ? (world) => program(lying(world, 0.5)) : program);
  });
  const machines = sim.chaos(hastened({
    ...MACHINE_FAULTS,
    crashesPerMinute: 10,
    killsPerMinute: 10,
    downMs: [50, 3000],
    // As with all elections: within what a lease allows for.
    clockRates: [0.95, 1.05],
    tearing: TEARING,
    diskErrorsPerMinute: 10,
    diskErrorOperations: ANY_DISK_OPERATION,
    droppedPages: 0.7,
    lostWatchEvents: 0.3,
  }));
  const network = sim.chaos(hastened({
    ...NETWORK_FAULTS,
    partitionsPerMinute: 10,
    partitionMs: [100, 4000],
    resetsPerMinute: 30,
  }));
  await withstand(sim, {
    forMs: chaosMs,
    network,
    machines: [machines],
    hosts: hosts.map(({ name }) => name),
  });
  sim.net.configure({ latencyMs: [0.2, 2], datagramLoss: 0, bytesPerSecond: 100_000_000 });
  for (const host of hosts) {
    if (!host.isUp) host.restart();
    if (sim.random.chance(0.5)) tearParts(sim, host);
  }
  const honest = hosts.filter((_, index) => !LIARS.includes(index + 1));
  // Looked at now and then: after each of all the events it would take more time than these.
  for (let waitedMs = 0; !honest.every((host) => hasAll(host, files)); waitedMs += LOOK_MS) {
    assert(waitedMs < CALM_MS, `not every node has every file after ${CALM_MS} ms of calm`);
    await sim.advance(LOOK_MS);
  }
  for (const host of hosts) checkDisk(host, files);
  for (const host of honest) checkNothingVoid(host);
}

/** The power goes when a file is whole and nothing of it is on the disk for sure, nor its name. */
function tearParts(sim: SimWorld, host: SimHost): void {
  host.disk.tearing = TEARING;
  host.crashAt({
    ...{ path: /\/\.parts\//, operation: "sync", when: sim.random.pick(["before", "during"]) },
    ended: () => host.restart(),
  });
}

function hastened(plan: ChaosPlan): ChaosPlan {
  const faster = Object.entries(plan).map(([key, value]: [string, unknown]) =>
    [key, key.endsWith("PerMinute") && typeof value === "number" ? value * HASTE : value] as const
  );
  return Object.fromEntries(faster);
}

/**
 * Pieces are verified one by one: no lie is found out only by the SHA-256 of the whole, after all was
 * fetched.
 */
function checkNothingVoid(host: SimHost): void {
  for (const { message } of host.log.records) {
    assert(!(message.startsWith(FAILED) && message.includes("SHA-256")), `${host.name}: ${message}`);
  }
}

/**
 * Three files of a few pieces each, or one where the run is short, held by one to three nodes, one of which
 * at least is honest.
 */
function makeFiles(sim: SimWorld): TestFile[] {
  const { hash } = sim.host("n1").world;
  return Array.from({ length: playsAll(sim) ? 3 : 1 }, (_, index) => {
    const length = sim.random.integer(0, 3) === 0
      ? sim.random.integer(0, 20_000)
      : sim.random.integer(20_000, 120_000);
    const others = sim.random.shuffle([1, 2, 3, 4, 5, 6]).slice(0, sim.random.integer(0, 2));
    const name = `file ${index}.bin`;
    const bytes = someBytes(length, sim.seed * 10 + index);
    return {
      name,
      bytes,
      magnet: formatMagnet({ infoHash: torrentOf(hash, name, bytes).infoHash, trackers: [], peers: [] }),
      holders: [...new Set([sim.random.integer(1, 4), ...others])],
    };
  });
}

function idOf(host: SimHost): number {
  return Number(host.name.slice(1));
}

function hasAll(host: SimHost, files: readonly TestFile[]): boolean {
  // Asked after each event: what is in them is not read.
  return files.every(({ name }) => host.disk.mode(`/data/Node${idOf(host)}/${name}`) !== undefined);
}

/** Whatever stands under a name is right, to the last byte; there is nothing else but what a node keeps. */
function checkDisk(host: SimHost, files: readonly TestFile[]): void {
  const id = idOf(host);
  for (const { name, bytes } of files) {
    const found = host.disk.read(`/data/Node${id}/${name}`);
    assert(found === undefined || isSameContent(found, bytes), `${name} at Node ${id} is byte for byte`);
  }
  const known = new Set([".parts", ...files.map(({ name }) => name)]);
  for (const name of host.disk.names(`/data/Node${id}`)) assert(known.has(name), `${name} is in the folder`);
  assertEquals(host.disk.names("/"), ["data"]);
  for (const name of host.disk.names("/data")) {
    assert(new RegExp(`^\\.?(Node${id}|Peer_files\\.log)`).test(name), `${name} is beside the folder`);
  }
}

/** What a node is started with. */
interface NodeOptions {
  readonly id: number;
  readonly nodes: readonly PeerNode[];
  readonly files: readonly TestFile[];
  readonly share: Share;
  /** In place of a real one. */
  readonly election: Behavior<Election> | undefined;
}

/** A node: it elects, shares, and fetches every file that it has not. */
function node({ id, nodes, files, share, election }: NodeOptions): Behavior<never> {
  const directory = `/data/Node${id}`;
  const key = registryKey<Election>(`election-${id}`);
  return (self) => {
    if (election === undefined) {
      const listen = { hostname: "::", port: ELECTION_PORT };
      self.spawn(
        "election",
        peer({ id, nodes, listen, directory, logPath: "/data/Peer_files.log", feedKey: key }),
        { onFailure: escalate() },
      );
    } else {
      self.registry.register<Election>(key, self.spawn("election", election, { onFailure: escalate() }));
    }
    const ref = self.spawn(
      "sharing",
      share({
        id,
        nodes: nodes.map((each) => ({
          id: each.id,
          http: { hostname: each.address.hostname, port: 10080 },
        })),
        directory,
        swarm: { hostname: "::", port: 9080 },
        http: { hostname: "::", port: 10080 },
        election: key,
      }),
      { onFailure: escalate() },
    );
    for (const [index, file] of files.entries()) {
      self.spawn(`want-${index}`, wanting(ref, directory, file));
    }
    return () => {};
  };
}

type WantingMessage = DownloadNotice | { readonly type: "again" };

/** Wants one file, for as long as it is not there, by its name or by its magnet link. */
function wanting(
  ref: Ref<SharingCommand>,
  directory: string,
  { name, magnet }: TestFile,
): Behavior<WantingMessage> {
  return (self) => {
    const { random, disk } = self.world;
    // Some are there from the beginning, some come when all others have it.
    self.after(random.next() * CHAOS_MS, { type: "again" });
    return async (message) => {
      if (message.type === "download-failed") {
        self.log.debug(`${FAILED}${message.reason}`);
        self.after(RETRY_MS, { type: "again" });
      }
      if (message.type !== "again") return;
      const isThere = await disk.stat(`${directory}/${name}`).then(() => true, () => false);
      const what = random.next() < 0.3 ? magnet : name;
      if (!isThere) ref.tell({ type: "get", what, observer: self.self });
    };
  };
}
