/**
 * Real servers of NATS, on loopback.
 *
 * @module
 */
import {
  available,
  freePort,
  startProcess,
  type TempDirectory,
  tempDirectory,
  type TestProcess,
} from "../../_helpers.ts";

const OLDEST = [2, 10, 27] as const;

/** Whether there is a server that is new enough. `.ci/nats-server` gets one. */
export async function hasNats(): Promise<boolean> {
  if (!await available("nats-server", "--version")) return false;
  const { stdout } = await new Deno.Command("nats-server", { args: ["--version"] }).output();
  const [, ...version] = /v(\d+)\.(\d+)\.(\d+)/.exec(new TextDecoder().decode(stdout)) ?? [];
  for (const [index, least] of OLDEST.entries()) {
    const number = Number(version[index]);
    if (number !== least) return number > least;
  }
  return true;
}

/** One server, or some that are a cluster of servers. */
export class NatsServers implements AsyncDisposable {
  readonly #directory: TempDirectory;
  readonly #ports: readonly number[];
  readonly #running: (TestProcess | undefined)[] = [];

  private constructor(directory: TempDirectory, ports: readonly number[]) {
    this.#directory = directory;
    this.#ports = ports;
  }

  /** Starts so many, each with a folder of its own. */
  static async start(count: 1 | 3): Promise<NatsServers> {
    const directory = await tempDirectory();
    const servers = new NatsServers(directory, Array.from({ length: 2 * count }, freePort));
    try {
      await Promise.all(Array.from({ length: count }, (_, index) => servers.#write(index, count)));
      await Promise.all(Array.from({ length: count }, (_, index) => servers.restart(index)));
      return servers;
    } catch (error) {
      await servers[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where they are reached. */
  get addresses(): string[] {
    return this.#ports.slice(0, this.#ports.length / 2).map((port) => `127.0.0.1:${port}`);
  }

  /** The process of one; undefined while it is down. */
  process(index: number): TestProcess | undefined {
    return this.#running[index];
  }

  /** Kills one, as a power cut of its machine would, but for the disk. */
  async kill(index: number): Promise<void> {
    await this.#running[index]?.[Symbol.asyncDispose]();
    this.#running[index] = undefined;
  }

  /** Starts one that is down. */
  async restart(index: number): Promise<void> {
    const server = startProcess("nats-server", ["-c", this.#directory.file(`${index}.conf`)]);
    this.#running[index] = server;
    await server.errorLine("Server is ready");
  }

  /** Keeps what a server that is down has stored. */
  async backUp(index: number): Promise<void> {
    await copyTree(this.#data(index), `${this.#data(index)}-backup`);
  }

  /** Puts that in the place of what it has stored since, while it is down. */
  async restore(index: number): Promise<void> {
    await Deno.remove(this.#data(index), { recursive: true });
    await copyTree(`${this.#data(index)}-backup`, this.#data(index));
  }

  #data(index: number): string {
    return this.#directory.file(`data-${index}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running.map((_, index) => this.kill(index)));
    await this.#directory[Symbol.asyncDispose]();
  }

  async #write(index: number, count: number): Promise<void> {
    const routes = this.#ports.slice(count).map((port) => `nats://127.0.0.1:${port}`);
    const cluster = count === 1
      ? ""
      : `cluster { name: test, listen: "127.0.0.1:${this.#ports[count + index]}", routes: ${
        JSON.stringify(routes)
      } }\n`;
    await Deno.writeTextFile(
      this.#directory.file(`${index}.conf`),
      `listen: "127.0.0.1:${this.#ports[index]}"\nserver_name: n${index}\n` +
        `jetstream { store_dir: "${this.#data(index)}", max_mem: 64M, max_file: 2G, ` +
        `sync_interval: always }\n${cluster}`,
    );
  }
}

async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    await (isDirectory ? copyTree : Deno.copyFile)(`${from}/${name}`, `${to}/${name}`);
  }
}
