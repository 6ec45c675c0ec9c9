/**
 * Networks of old nodes and ours in the simulated world.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { peer } from "../../actors/election/mod.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import { greeting } from "../../protocols/peer_link.ts";
import { OLD_LEADER_BYTES, type OldNode, oldNode } from "./_old_node.ts";
import { service } from "../sim/_harness.ts";

const IDS = [1, 2, 3];
const PORT = 8080;
const nodes = IDS.map((id) => ({ id, address: { hostname: `n${id}`, port: PORT } }));

/** Every way to mix old nodes and ours. */
export const MIXTURES = [[1], [2], [3], [1, 2], [1, 3], [2, 3]];
/** Every order of three. */
export const ORDERS = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]];

/** A mixture, and how it is started. */
export interface Mixture {
  readonly old: readonly number[];
  readonly order: readonly number[];
  readonly names: (id: number) => string[];
  /** Milliseconds between two starts. */
  readonly gapMs: number;
  /** Old nodes close each connection once they have read from it. @default false */
  readonly closes?: boolean;
}

/** Three nodes, some of them old ones. */
export class MixedNetwork {
  readonly #sim: SimWorld;
  readonly #mixture: Mixture;
  readonly #hosts = new Map<number, SimHost>();
  readonly #olds = new Map<number, OldNode>();

  private constructor(sim: SimWorld, mixture: Mixture) {
    this.#sim = sim;
    this.#mixture = mixture;
  }

  /** Starts the nodes and lets something be done with them; a failure tells what each node said. */
  static async run(
    sim: SimWorld,
    mixture: Mixture,
    task: (network: MixedNetwork) => Promise<void>,
  ): Promise<void> {
    const network = new MixedNetwork(sim, mixture);
    try {
      await network.#start();
      await task(network);
    } catch (error) {
      const story = IDS.map((id) => {
        const { records } = network.#host(id).log;
        const ours = records.map(({ timeMs, message }) => `${timeMs.toFixed(0)} ${message}`);
        return [`Node ${id}:`, ...(network.#olds.get(id)?.lines ?? ours)].join("\n  ");
      });
      throw new Error(`${error instanceof Error ? error.message : error}\n${story.join("\n")}`);
    }
  }

  async #start(): Promise<void> {
    // An old node takes what it reads first for the whole message, as it is on a loopback.
    this.#sim.net.configure({ splits: 0, shortWrites: 0 });
    const { order, old, names, gapMs, closes = false } = this.#mixture;
    for (const { id, address } of nodes) this.#hosts.set(id, this.#sim.host(address.hostname));
    for (const id of order) {
      const host = this.#host(id);
      if (old.includes(id)) {
        const options = { id, nodes, names: names(id), random: this.#sim.random, closes };
        host.start((world) => void this.#olds.set(id, oldNode(world, options)));
      } else startOurs(host, id, names(id));
      await this.#sim.advance(gapMs);
    }
  }

  #host(id: number): SimHost {
    const host = this.#hosts.get(id);
    if (host === undefined) throw new RangeError(`Cannot find Node ${id}`);
    return host;
  }

  /** Kills a node, and starts it again after so long. */
  async restart(id: number, downMs: number): Promise<void> {
    this.#host(id).kill();
    await this.#sim.advance(downMs);
    this.#host(id).restart();
  }

  /**
   * Puts one of ours in the place of an old node, so soon that nobody sees that go. A crash of its machine
   * closes no connection.
   */
  renew(id: number, how: "kill" | "crash"): void {
    const host = this.#host(id);
    host[how]();
    host.restart(() => {});
    this.#olds.delete(id);
    startOurs(host, id, this.#mixture.names(id));
  }

  /** A stranger greets one of ours as a new node of another's ID, again and again, for so long. */
  async pretend(at: number, id: number, forMs: number, everyMs: number): Promise<void> {
    const { world } = this.#sim.host("stranger");
    const hello = new TextEncoder().encode(greeting(id));
    for (const endsAtMs = this.#sim.now + forMs; this.#sim.now < endsAtMs;) {
      const dialled = await this.#sim.settle(world.net.connectTcp({ hostname: `n${at}`, port: PORT }));
      await this.#sim.settle(dialled.write(hello));
      await this.#sim.advance(everyMs);
      dialled.close();
    }
  }

  /** Waits until one of ours has said something. */
  async says(id: number, what: RegExp): Promise<void> {
    await this.#sim.until(() => this.said(id).some((line) => what.test(line)), 30_000, `Node ${id}: ${what}`);
  }

  /** What a node has said; of an old one, in this life. */
  said(id: number): readonly string[] {
    return this.#olds.get(id)?.lines ?? this.#host(id).log.records.map(({ message }) => message);
  }

  /** The log as the one that leads has written it. */
  get log(): string | undefined {
    const leader = this.#olds.get(1);
    return leader === undefined ? this.#host(1).disk.readText("/data/Peer_files.log") : leader.log;
  }

  /** Waits until all follow Node 1, and its log is right. */
  async settled(): Promise<void> {
    const elected = (id: number) => this.said(id).findLast((line) => line.startsWith("Leader elected: "));
    await this.#sim.until(
      () => IDS.every((id) => elected(id) === "Leader elected: Node 1"),
      30_000,
      `all to elect Node 1 (${IDS.map(elected)})`,
    );
    const expected = this.#expected();
    await this.#sim.until(() => this.log === expected, 30_000, `the log to be right, and not ${this.log}`);
  }

  #expected(): string {
    const isOldLeader = this.#olds.has(1);
    return IDS.map((id) => {
      const list = this.#mixture.names(id).map((name) => name + "\n").join("");
      return `${id === 1 ? "Leader " : ""}Node ${id} files:\n${isOldLeader && id !== 1 ? cut(list) : list}`;
    }).join("\n");
  }

  /** So it stays, once the links that nobody needs are gone; no old node has heard what it does not know. */
  async staysSo(): Promise<void> {
    await this.#sim.advance(10_000);
    const doings = () =>
      IDS.map((id) => this.said(id).filter((line) => /^Leader elected|connected/.test(line)));
    const before = doings();
    await this.#sim.advance(20_000);
    assertEquals(this.log, this.#expected());
    assertEquals(doings(), before);
    for (const { lines } of this.#olds.values()) {
      assertEquals(lines.filter((line) => line.startsWith("strange")), []);
    }
  }
}

function startOurs(host: SimHost, id: number, names: readonly string[]): void {
  host.disk.makeDirectory(`/data/Node${id}`);
  for (const name of names) host.disk.write(`/data/Node${id}/${name}`, "");
  host.start(service("peer", () =>
    peer({
      id,
      nodes,
      listen: { hostname: "::", port: PORT },
      directory: `/data/Node${id}`,
      logPath: "/data/Peer_files.log",
    })));
}

/** What an old leader makes of a list: it reads only so much, and a name may be cut in two. */
function cut(list: string): string {
  const bytes = new TextEncoder().encode(list).subarray(0, OLD_LEADER_BYTES);
  const lines = new TextDecoder().decode(bytes).split("\n").filter((name) => name !== "");
  return lines.map((name) => name + "\n").join("");
}
