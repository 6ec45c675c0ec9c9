/**
 * Servers of NATS for the demo of the cluster.
 *
 * @module
 */
import { DidNotHappen, type Stage } from "../_stage.ts";

/** Where `.ci/nats-server` puts what it gets, and what is tried before that. */
const PROGRAMS = ["nats-server", ".tmp/nats/usr/sbin/nats-server", ".tmp/nats/usr/bin/nats-server"];
/** Older ones cannot be used. */
const OLDEST = [2, 10, 27] as const;
const GET_MS = 90_000;
const READY_MS = 15_000;
const MAX_LOG_LENGTH = 2000;

/** The program of a server; undefined where none can be installed. */
export async function findNatsServer(stage: Stage): Promise<string | undefined> {
  for (const program of PROGRAMS) if (await isNewEnough(program)) return program;
  stage.note("No nats-server of this machine is new enough: getting one (.ci/nats-server) …");
  try {
    const getting = new Deno.Command(".ci/nats-server", { stdout: "null", stderr: "null" }).output();
    await stage.soon(getting, "a nats-server is got", GET_MS);
  } catch {
    return undefined;
  }
  for (const program of PROGRAMS) if (await isNewEnough(program)) return program;
  return undefined;
}

async function isNewEnough(program: string): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command(program, { args: ["--version"], stderr: "null" }).output();
    const version = /v(\d+)\.(\d+)\.(\d+)/.exec(new TextDecoder().decode(stdout))?.slice(1).map(Number) ?? [];
    const place = OLDEST.findIndex((least, index) => version[index] !== least);
    return version.length === OLDEST.length && (place < 0 || (version[place] ?? 0) > (OLDEST[place] ?? 0));
  } catch {
    return false;
  }
}

/** Three servers that are one cluster of NATS. */
export class NatsServers implements AsyncDisposable {
  readonly #program: string;
  readonly #files: readonly string[];
  readonly #running: (Deno.ChildProcess | undefined)[] = [];
  /** `HOST:PORT` of each. */
  readonly addresses: readonly string[];

  private constructor(program: string, addresses: readonly string[], files: readonly string[]) {
    this.#program = program;
    this.addresses = addresses;
    this.#files = files;
  }

  /** Starts them. */
  static async start(stage: Stage, program: string): Promise<NatsServers> {
    const directory = await stage.directory();
    const [clients, routes] = [stage.freePorts(3), stage.freePorts(3)];
    const urls = JSON.stringify(routes.map((port) => `nats://127.0.0.1:${port}`));
    const files: string[] = [];
    for (const [index, port] of clients.entries()) {
      const name = `n${index + 1}`;
      files.push(`${directory}/${name}.conf`);
      await Deno.writeTextFile(
        `${directory}/${name}.conf`,
        [
          `listen: "127.0.0.1:${port}"`,
          `server_name: ${name}`,
          `jetstream { store_dir: "${directory}/${name}", max_mem: 64M, max_file: 1G, sync_interval: always }`,
          `cluster { name: demo, listen: "127.0.0.1:${routes[index]}", routes: ${urls} }`,
        ].join("\n"),
      );
    }
    const servers = new NatsServers(program, clients.map((port) => `127.0.0.1:${port}`), files);
    await stage.soon(Promise.all(files.map((_, index) => servers.#run(index))), "NATS listens", READY_MS);
    return servers;
  }

  #run(index: number): Promise<void> {
    const server = new Deno.Command(this.#program, {
      args: ["-c", this.#files[index] ?? ""],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#running[index] = server;
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
    // Read to its end: a server that nobody listens to ends.
    const reading = async () => {
      let text = "";
      for await (const piece of server.stderr.pipeThrough(new TextDecoderStream())) {
        text = `${text}${piece}`.slice(-MAX_LOG_LENGTH);
        if (text.includes("Server is ready")) resolve();
      }
      reject(new DidNotHappen(`a server of NATS runs: it said ${text}`));
    };
    reading().catch(reject);
    return ready;
  }

  /** Ends one as `kill -9` does. */
  async kill(index: number): Promise<void> {
    const server = this.#running[index];
    this.#running[index] = undefined;
    try {
      server?.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await server?.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running.map((_, index) => this.kill(index)));
  }
}
