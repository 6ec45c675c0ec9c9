/**
 * What the peers keep on disks, under chaos: no node forgets its term or the vote it gave in it, and in the
 * end the leader's log names the files that there are.
 *
 * @module
 */
import { assert } from "@std/assert";
import { peer, type PeerNode, type PeerOptions } from "../../actors/election/mod.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import type { Behavior } from "../../mod.ts";
import {
  ANY_DISK_OPERATION,
  type Campaign,
  MACHINE_FAULTS,
  NETWORK_FAULTS,
  service,
  USUAL_FAULTS,
} from "./_harness.ts";
import { LONG_PAUSE, pauseForLong } from "./_long_pause.ts";

const PORT = 8080;
const CHAOS_MS = 12_000;
/** Between two looks at the disks. */
const LOOK_MS = 20;
const LOG = "/data/Peer_files.log";

/** The campaign with the nodes as they are. */
export const electionFiles: Campaign = electionFilesCampaign("election's files under chaos", peer);

/** The campaign with the nodes as given. */
function electionFilesCampaign(
  name: string,
  node: (options: PeerOptions) => Behavior<never>,
): Campaign {
  const sometimes = [
    ...USUAL_FAULTS,
    LONG_PAUSE,
    ...["a node came back with its memory", "a term went by", "two have led", "a leader had its votes"],
    ...["fault: watch event lost", "fault: sync fails, pages dropped", "fault: crash during sync"],
  ];
  return { name, sometimes, run: (sim) => run(sim, node) };
}

async function run(sim: SimWorld, node: (options: PeerOptions) => Behavior<never>): Promise<void> {
  const nodes: PeerNode[] = [1, 2, 3].map((id) => ({ id, address: { hostname: `n${id}`, port: PORT } }));
  const hosts = nodes.map(({ id }) => {
    const host = sim.host(`n${id}`);
    host.disk.makeDirectory(`/data/Node${id}`);
    host.start(service("peer", () =>
      node({
        id,
        nodes,
        listen: { hostname: "::", port: PORT },
        directory: `/data/Node${id}`,
        logPath: LOG,
      })));
    return host;
  });
  const memories = hosts.map((host, index) => new Memory(sim, host, index + 1));
  const files = hosts.map((host, index) => new Files(sim, host, index + 1));
  const network = sim.chaos({ ...NETWORK_FAULTS, conditionsPerMinute: 0 });
  const machines = sim.chaos({
    ...MACHINE_FAULTS,
    // Elections are promised while clocks run alike, within what a lease allows for.
    clockRates: [0.95, 1.05],
    downMs: [50, 2000],
    lostWatchEvents: 0.3,
    tearing: { sectorsOutOfOrder: 0.4, lengthBeforeData: 0.4, garbage: 0.2 },
    diskErrorsPerMinute: 20,
    // A memory that is in place, and whose name could not be made durable, was not acted upon: it may go
    // back, and nothing on the disk tells it from one that may not.
    diskErrorOperations: ANY_DISK_OPERATION.filter((operation) => operation !== "syncDirectory"),
    droppedPages: 0.7,
  });
  const lookOn = async (forMs: number) => {
    for (let spent = 0; spent < forMs; spent += LOOK_MS) {
      await sim.advance(LOOK_MS);
      for (const memory of memories) memory.look();
      checkVotes(sim, memories, hosts);
    }
  };
  await lookOn(CHAOS_MS);
  machines.stop();
  await pauseForLong(sim, hosts.map(({ name }) => name), undefined, lookOn);
  network.stop();
  for (const file of files) file.isOver = true;
  const expected = files.map((file) => file.list()).join("\n");
  const isNamed = () => hosts.some((host) => host.disk.readText(LOG) === `Leader ${expected}`);
  await sim.until(isNamed, 60_000, "the leader's log to name the files that there are");
  // One may have been held for an old node, and be found out only now: then there is an election.
  const isSettled = ({ log }: SimHost) => {
    const last = log.records.findLast(({ fields }) => fields?.to !== undefined);
    return last?.fields?.to === "leader" || last?.fields?.to === "follower";
  };
  await sim.until(() => hosts.every(isSettled), 60_000, "all to be led by a majority");
  await sim.until(isNamed, 60_000, "the leader's log to name the files still");
  for (const memory of memories) memory.checkKept();
  await changeInTime(sim, hosts, files);
  sim.sometimes("two have led", hosts.filter((host) => host.disk.readText(LOG) !== undefined).length > 1);
}

/** How many votes make a leader. */
const QUORUM = 2;

/** Who leads has the votes of a quorum, which stand on the disks, or whoever gave them has gone on since. */
function checkVotes(sim: SimWorld, memories: readonly Memory[], hosts: readonly SimHost[]): void {
  for (const [index, { log }] of hosts.entries()) {
    const last = log.records.findLast(({ fields }) => fields?.to !== undefined);
    if (last?.fields?.to !== "leader") continue;
    const term = Number(last.fields.term);
    const votes = memories.filter((memory) => memory.hasVoted(term, index + 1)).length;
    assert(votes >= QUORUM, `node ${index + 1} leads in term ${term}, with ${votes} votes on the disks`);
    sim.sometimes("a leader had its votes");
  }
}

/** How long the log may lag behind the folders when all is well: less than until everybody is asked anew. */
const LOG_MS = 3000;

/** How much longer when it could not be written the first time: it is looked at again every 5 s. */
const LOG_RETRY_MS = 6000;

/** A change of a folder is in the log soon, also when it comes while the one before is fetched. */
async function changeInTime(
  sim: SimWorld,
  hosts: readonly SimHost[],
  files: readonly Files[],
): Promise<void> {
  for (let round = 0; round < 6; round++) {
    for (const latencyMs of [0, sim.random.between(90, 300)]) {
      await sim.advance(latencyMs);
      sim.random.pick(files).change();
    }
    // In every other round the log cannot be written at first: nothing else is renamed now.
    const fails = round % 2 === 1;
    if (fails) { for (const { disk } of hosts) disk.failNext("rename", "other"); }
    const expected = `Leader ${files.map((file) => file.list()).join("\n")}`;
    await sim.until(
      () => hosts.some((host) => host.disk.readText(LOG) === expected),
      LOG_MS + (fails ? LOG_RETRY_MS : 0),
      "a change to be in the log",
    );
    for (const { disk } of hosts) disk.forgetFailures();
  }
}

/** What a node must not forget, whatever befalls its machine. */
class Memory {
  readonly #sim: SimWorld;
  readonly #host: SimHost;
  readonly #id: number;
  readonly #path: string;
  #term = 0;
  #votedFor = 0;
  #wasUp = true;

  constructor(sim: SimWorld, host: SimHost, id: number) {
    this.#sim = sim;
    this.#host = host;
    this.#id = id;
    this.#path = `/data/Node${id}.election`;
  }

  /** A leader was elected, so everybody has a term to remember. */
  checkKept(): void {
    const isThere = this.#host.disk.readText(this.#path) !== undefined;
    assert(this.#term > 0 || isThere, `node ${this.#id} has kept nothing of the term that it is in`);
  }

  /** Whether the node has voted for `leader` in `term`, or has gone on since. */
  hasVoted(term: number, leader: number): boolean {
    const text = this.#host.disk.readDurableText(this.#path);
    const there = text === undefined ? { term: 0, votedFor: 0 } : parse(text, this.#id);
    return there.term > term || (there.term === term && there.votedFor === leader);
  }

  /** The term never goes back, and a vote that was given in it is given for good. */
  look(): void {
    // What is in place and not durable was not acted upon yet, also when whoever put it there was killed.
    const text = this.#host.disk.readDurableText(this.#path);
    if (text === undefined) {
      assert(this.#term === 0, `node ${this.#id} has lost its memory of term ${this.#term}`);
      return;
    }
    const { term, votedFor } = parse(text, this.#id);
    assert(term >= this.#term, `node ${this.#id} has gone back from term ${this.#term} to ${term}`);
    if (term === this.#term && this.#votedFor !== 0) {
      assert(
        votedFor === this.#votedFor,
        `node ${this.#id} has voted for ${this.#votedFor} and ${votedFor} in term ${term}`,
      );
    }
    this.#sim.sometimes("a term went by", term > this.#term && this.#term > 0);
    this.#sim.sometimes("a node came back with its memory", this.#host.isUp && !this.#wasUp);
    this.#wasUp = this.#host.isUp;
    this.#term = term;
    this.#votedFor = votedFor;
  }
}

function parse(text: string, id: number): { readonly term: number; readonly votedFor: number } {
  const [, term, votedFor] = /^\{"term":(\d+),"votedFor":(\d+)\}\n$/.exec(text) ?? [];
  assert(
    term !== undefined && votedFor !== undefined,
    `the memory of node ${id} is none: ${JSON.stringify(text)}`,
  );
  return { term: Number(term), votedFor: Number(votedFor) };
}

/** Somebody puts files into a node's folder, and takes some away. */
class Files {
  readonly #host: SimHost;
  readonly #id: number;
  readonly #sim: SimWorld;
  readonly #paths = new Set<string>();
  isOver = false;

  constructor(sim: SimWorld, host: SimHost, id: number) {
    this.#sim = sim;
    this.#host = host;
    this.#id = id;
    const change = async () => {
      while (!this.isOver) {
        await sim.advance(sim.random.between(100, 1500));
        if (!this.isOver) this.change();
      }
    };
    change();
  }

  /** Adds a file, or takes one away. */
  change(): void {
    const { disk } = this.#host;
    const path = `${this.#directory}/f${this.#sim.random.integer(1, 8)}.txt`;
    if (this.#paths.delete(path)) return disk.remove(path);
    this.#paths.add(path);
    disk.write(path, "text");
  }

  get #directory(): string {
    return `/data/Node${this.#id}`;
  }

  /** As it stands in the leader's log. */
  list(): string {
    const names = this.#host.disk.names(this.#directory).filter((name) => !name.startsWith("."));
    return [`Node ${this.#id} files:`, ...names, ""].join("\n");
  }
}
