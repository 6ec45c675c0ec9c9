/** Networks of real processes: peers as `deno task peer` runs them, and old nodes. */
import { assertEquals } from "@std/assert";
import {
  freePort,
  PATIENCE_MS,
  root,
  startProcess,
  startTask,
  type TempDirectory,
  tempDirectory,
  TestProcess,
  until,
} from "../_helpers.ts";
import { parseTrace, traceViolations } from "./_trace.ts";

/** Options of {@linkcode PeerNetwork.create}. */
export interface PeerNetworkOptions {
  /** How many nodes. @default 3 */
  readonly size?: number;
  /** Flags for every node. */
  readonly flags?: readonly string[];
  /** Where each node runs. @default this machine, a free port each */
  readonly places?: readonly Place[];
}

/** Where a node runs. */
export interface Place {
  readonly hostname: string;
  readonly port: number;
  /** The command that runs a command there; empty for here. */
  readonly run: readonly string[];
}

/** Nodes of one network, in one folder, each with files of its own; at the end their traces are judged. */
export class PeerNetwork implements AsyncDisposable {
  readonly directory: TempDirectory;
  readonly places: readonly Place[];
  readonly flags: readonly string[];
  readonly running = new Map<number, TestProcess>();

  private constructor(directory: TempDirectory, places: readonly Place[], flags: readonly string[]) {
    this.directory = directory;
    this.places = places;
    this.flags = flags;
  }

  static async create(options: PeerNetworkOptions = {}): Promise<PeerNetwork> {
    const { size = 3, flags = [] } = options;
    const network = new PeerNetwork(await tempDirectory(), options.places ?? localPlaces(size), flags);
    for (const id of network.ids) {
      await Deno.mkdir(network.directory.file(`Node${id}`));
      for (const name of network.names(id)) {
        await Deno.writeTextFile(network.directory.file(`Node${id}/${name}`), name);
      }
    }
    return network;
  }

  get ids(): number[] {
    return this.places.map((_, index) => index + 1);
  }

  /** The value of `--nodes`. */
  get nodes(): string {
    return this.ids.map((id) => `${id}=${this.address(id)}`).join(",");
  }

  place(id: number): Place {
    const place = this.places[id - 1];
    if (place === undefined) throw new RangeError(`Cannot place node ${id}: there are ${this.places.length}`);
    return place;
  }

  address(id: number): string {
    const { hostname, port } = this.place(id);
    return `${hostname}:${port}`;
  }

  /** The files that a node has at first, as in the spec: node 3 has three. */
  names(id: number): string[] {
    return Array.from({ length: id }, (_, index) => `${id}_${index + 1}.txt`);
  }

  /** The log as it should be while `leader` leads `members`. */
  log(leader: number, members: readonly number[]): string {
    return members.map((id) =>
      `${id === leader ? "Leader " : ""}Node ${id} files:\n${
        this.names(id).map((name) => name + "\n").join("")
      }`
    ).join("\n");
  }

  get logPath(): string {
    return this.directory.file("Peer_files.log");
  }

  node(id: number): TestProcess {
    const process = this.running.get(id);
    if (process === undefined) throw new RangeError(`Cannot find node ${id}: it was not started`);
    return process;
  }

  /** Starts a node and waits until it listens. */
  async start(id: number, flags: readonly string[] = []): Promise<TestProcess> {
    const process = this.launch(id, flags);
    await process.line(`Node ${id} is listening on ${this.address(id)}`);
    return process;
  }

  launch(id: number, flags: readonly string[] = []): TestProcess {
    const args = [String(id), "--nodes", this.nodes, "--trace", `trace${id}.jsonl`, ...this.flags, ...flags];
    const [program, ...words] = this.place(id).run;
    const options = { cwd: this.directory.path };
    const process = program === undefined ? startTask("peer", args, options) : startProcess(program, [
      ...words,
      Deno.execPath(),
      "run",
      "-q",
      "-P=peer",
      `${root}tasks/peer.ts`,
      ...args,
    ], options);
    this.running.set(id, process);
    return process;
  }

  /** Starts an old node and waits until it listens. */
  async startOld(id: number, flags: readonly string[] = []): Promise<TestProcess> {
    const script = `${root}tests/election/_old_node.py`;
    const process = startProcess("python3", [
      script,
      String(id),
      this.nodes,
      `Node${id}`,
      "Peer_files.log",
      ...flags,
    ], {
      cwd: this.directory.path,
    });
    this.running.set(id, process);
    await process.line(`Node ${id} is listening`);
    return process;
  }

  /** Ends a node as a power cut would. */
  async kill(id: number): Promise<void> {
    const process = this.node(id);
    this.running.delete(id);
    process.kill("SIGKILL");
    await process.ended();
  }

  /** Waits until each of the nodes has said, since it was last asked, that `leader` leads. */
  async elected(leader: number, by: readonly number[]): Promise<void> {
    await Promise.all(by.map((id) => this.node(id).line(new RegExp(`^Leader elected: Node ${leader}$`))));
  }

  /** Waits until the log is to the byte what it should be. */
  async logged(expected: string): Promise<void> {
    let found = "";
    try {
      await until(
        async () => {
          found = await Deno.readTextFile(this.logPath).catch(() => "");
          return found === expected;
        },
        "the log as expected",
        PATIENCE_MS,
      );
    } catch {
      assertEquals(found, expected);
    }
  }

  /** Waits until these nodes, and no others, hold `leader` for the leader, and the log is theirs. */
  async agreed(leader: number, members: readonly number[]): Promise<void> {
    await this.elected(leader, members);
    await this.logged(this.log(leader, members));
  }

  /** What the traces of all nodes have against the promises. */
  async violations(): Promise<string[]> {
    const traces = [];
    for (const id of this.ids) {
      const text = await Deno.readTextFile(this.directory.file(`trace${id}.jsonl`)).catch(() => "");
      // A process that was killed may have been in the middle of its last line.
      traces.push(parseTrace(text.slice(0, text.lastIndexOf("\n") + 1)));
    }
    return traceViolations(traces);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.running.values()) await process[Symbol.asyncDispose]();
    const violations = await this.violations();
    await this.directory[Symbol.asyncDispose]();
    assertEquals(violations, []);
  }
}

function localPlaces(size: number): Place[] {
  const ports = new Set<number>();
  while (ports.size < size) ports.add(freePort());
  return [...ports].map((port) => ({ hostname: "127.0.0.1", port, run: [] }));
}
