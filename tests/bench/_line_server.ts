/**
 * Servers that pass lines on, as the benchmarks of the editor and of the chat ask them.
 *
 * @module
 */
import type { Process } from "./_process.ts";
import type { PeerServer } from "./_server_peers.ts";

/** What a server has used, and whom it knows. */
export interface Usage {
  readonly cpuMs: number;
  readonly clients: number;
}

/** A server that passes lines on, in a process of its own. */
export interface LineServer {
  readonly port: number;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

/** Somebody else's. */
export class PeerSubject implements LineServer {
  /** With its version. */
  readonly name: string;
  readonly port: number;
  readonly #process: Process;

  private constructor(name: string, port: number, process: Process) {
    this.name = name;
    this.port = port;
    this.#process = process;
  }

  /** `undefined` where it is not on this machine. */
  static async start(peer: PeerServer, form: "chat" | "editor"): Promise<PeerSubject | undefined> {
    const started = await peer.start([form]);
    return started && new PeerSubject(started.name, Number(await started.process.next()), started.process);
  }

  async usage(): Promise<Usage> {
    const [cpuSeconds = NaN, clients = NaN] = (await this.#process.ask("usage")).split(" ").map(Number);
    return { cpuMs: cpuSeconds * 1000, clients };
  }

  async stop(): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
