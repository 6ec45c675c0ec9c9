/**
 * An echo server under load, each in a process of its own.
 *
 * @module
 */
import { ECHO_LINE, type Passed, startLoad } from "./_load.ts";
import { LOAD_CORE, Process, SERVER_CORE } from "./_process.ts";
import type { PeerServer } from "./_server_peers.ts";

/** What `_echo_subject.ts` can be. */
export type OurKind =
  | "floor"
  | "idle floor"
  | "echo"
  | "flooded"
  | "metered"
  | "traced"
  | "udp"
  | "udp floor"
  | "tls"
  | "tls floor";

/** What the load speaks. */
export type EchoTransport = "tcp" | "udp" | "tls";

/** Who asks, and how. */
export interface EchoLoad {
  /** @default "tcp" */
  readonly transport?: EchoTransport;
  readonly connections: number;
  /** Messages under way on each. */
  readonly window: number;
  /** A certificate and its key, for TLS. @default none */
  readonly files?: readonly string[];
}

/** What one run of the load took. */
export interface Run extends Passed {
  readonly perSecond: number;
  /** CPU time of the server for one message, in microseconds. */
  readonly cpu: number;
}

/** A server under load, each in a process of its own. */
export class Measured implements AsyncDisposable {
  readonly #subject: Process;
  readonly #load: Process;

  constructor(subject: Process, load: Process) {
    this.#subject = subject;
    this.#load = load;
  }

  /** Starts somebody else's server and its load; undefined where the server is not on this machine. */
  static async startPeer(
    server: PeerServer,
    load: EchoLoad,
  ): Promise<{ readonly name: string; readonly server: Measured } | undefined> {
    const files = load.transport === "tls" ? load.files ?? [] : [];
    const peer = await server.start(files, { core: SERVER_CORE });
    return peer && { name: peer.name, server: await withLoad(peer.process, load) };
  }

  static async start(
    kind: OurKind,
    load: EchoLoad,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Measured> {
    const { files = [] } = load;
    const reads = files.length > 0 ? [`--allow-read=${files.join()}`] : [];
    const rights = ["--allow-net=127.0.0.1", "--unstable-net", ...reads];
    const options = { env, core: SERVER_CORE };
    const subject = Process.script("./_echo_subject.ts", rights, [kind, ...files], options);
    return await withLoad(subject, load);
  }

  async run(runMs: number): Promise<Run> {
    const before = Number(await this.#subject.ask("usage"));
    const passed: Passed = JSON.parse(await this.#load.ask(String(runMs)));
    const cpuSeconds = Number(await this.#subject.ask("usage")) - before;
    const { messages, seconds } = passed;
    return { ...passed, perSecond: messages / seconds, cpu: cpuSeconds * 1e6 / messages };
  }

  /** CPU time of the server for each of so many connections at once, and how many there are in a second. */
  async burst(connections: number): Promise<Pick<Run, "perSecond" | "cpu">> {
    const before = Number(await this.#subject.ask("usage"));
    const { seconds }: Passed = JSON.parse(await this.#load.ask(`burst ${connections}`));
    // What it does about those that are closed is its work, too.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const cpuSeconds = Number(await this.#subject.ask("usage")) - before;
    return { perSecond: connections / seconds, cpu: cpuSeconds * 1e6 / connections };
  }

  /** Bytes of memory by which the process has grown with so many silent connections, for rising numbers. */
  async idleBytes(
    counts: readonly number[],
    memory: (pid: number) => Promise<number>,
  ): Promise<number[]> {
    const before = await memory(this.#subject.pid);
    const grown: number[] = [];
    let opened = 0;
    for (const count of counts) {
      await this.#load.ask(`open ${count - opened}`);
      opened = count;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      grown.push(await memory(this.#subject.pid) - before);
    }
    await this.#load.ask("close");
    return grown;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#load[Symbol.asyncDispose]();
    await this.#subject[Symbol.asyncDispose]();
  }
}

async function withLoad(
  subject: Process,
  { transport = "tcp", connections, window, files: [certFile = ""] = [] }: EchoLoad,
): Promise<Measured> {
  const port = Number(await subject.next());
  if (transport === "tls") {
    const rights = ["--allow-net=localhost", `--allow-read=${certFile}`];
    const args = [port, connections, window, certFile];
    const load = Process.script("./_tls_load.ts", rights, args, { core: LOAD_CORE });
    await load.next();
    return new Measured(subject, load);
  }
  const request = ECHO_LINE;
  const answerBytes = request.length;
  const load = await startLoad({ port, transport, connections, window, request, answerBytes });
  return new Measured(subject, load);
}
