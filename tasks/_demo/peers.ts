import { peer } from "../../actors/election/mod.ts";
import type { Machine, Stage } from "../_stage.ts";
import type { Section } from "./section.ts";

const FILES: Readonly<Record<number, readonly string[]>> = {
  1: ["1_1.txt", "1_2.txt"],
  2: ["2_1.txt"],
  3: ["3_1.txt", "3_2.txt", "3_3.txt"],
};

/** Shorter than by default, so that the demo is. */
const TIMES = { waitMs: 1000, heartbeatMs: 100, electionTimeoutMs: 400, dampingMs: 300 };

/** Three nodes on this machine. */
class Network {
  readonly #stage: Stage;
  readonly #directory: string;
  readonly #nodes: { id: number; address: { hostname: string; port: number } }[];
  readonly #leaders = new Map<string, string>();

  constructor(stage: Stage, directory: string) {
    this.#stage = stage;
    this.#directory = directory;
    this.#nodes = stage.freePorts(3).map((port, index) => ({
      id: index + 1,
      address: { hostname: "127.0.0.1", port },
    }));
    stage.overhear(({ actor, message }) => {
      const [, node = ""] = /^\/([^/]+)/.exec(actor) ?? [];
      const [, leader] = /^Leader elected: (.*)$/.exec(message) ?? [];
      if (leader !== undefined) this.#leaders.set(node, leader);
      if (/^Leader |^Files received|steps? down|Wrote/.test(message)) stage.says(node, message);
    });
  }

  async makeFiles(): Promise<void> {
    for (const [id, names] of Object.entries(FILES)) {
      const directory = `${this.#directory}/Node${id}`;
      await this.#stage.world.disk.makeDirectory(directory);
      for (const name of names) await Deno.writeTextFile(`${directory}/${name}`, `I am ${name}.\n`);
    }
  }

  start(id: number): Machine {
    return this.#stage.machine(
      `Node ${id}`,
      peer({
        id,
        nodes: this.#nodes,
        directory: `${this.#directory}/Node${id}`,
        logPath: this.#logPath,
        times: TIMES,
      }),
    );
  }

  get #logPath(): string {
    return `${this.#directory}/Peer_files.log`;
  }

  async log(): Promise<string> {
    return await Deno.readTextFile(this.#logPath).catch(() => "");
  }

  /** Waits until all these nodes hold `leader` for the leader. */
  async agreed(ids: readonly number[], leader: number): Promise<void> {
    await this.#stage.until(
      () => ids.every((id) => this.#leaders.get(`Node ${id}`) === `Node ${leader}`),
      `Node ${leader} leads ${ids.length} nodes`,
    );
  }

  /** Waits until the log has these lines. */
  async logged(lines: readonly string[]): Promise<void> {
    await this.#stage.until(
      async () => {
        const there = (await this.log()).split("\n");
        return lines.every((line) => there.includes(line));
      },
      `the log has ${lines.join(", ")}`,
    );
  }
}

/** The peers. */
export const peersSection: Section = {
  name: "peers",
  title: "Peers (TCP): leader election and file log",
  about:
    "Three nodes elect the lowest that a majority can reach. The leader logs everybody's files; another takes over.",
  async play(stage) {
    const network = new Network(stage, await stage.directory());
    await network.makeFiles();
    const [first] = [1, 2, 3].map((id) => network.start(id));
    await network.agreed([1, 2, 3], 1);
    await network.logged(["Leader Node 1 files:", ...Object.values(FILES).flat()]);
    stage.note("Peer_files.log:");
    for (const line of (await network.log()).trimEnd().split("\n")) stage.note(`  ${line}`);
    stage.note("Node 1 goes away.");
    await first?.stop();
    await network.agreed([2, 3], 2);
    await network.logged(["Leader Node 2 files:", "3_3.txt"]);
    stage.note("Node 1 comes back: the lowest leads again.");
    network.start(1);
    await network.agreed([1, 2, 3], 1);
    await network.logged(["Leader Node 1 files:", "2_1.txt", "3_3.txt"]);
  },
};
