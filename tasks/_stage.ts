/**
 * Where the demo is played: servers on free ports, clients on real sockets, and what they say to each other
 * on the screen.
 *
 * @module
 */
import { formatAddress } from "../actors/net/mod.ts";
import { denoWorld } from "../actors/world/deno/mod.ts";
import type { LogRecord, SocketAddress, World } from "../actors/world/world.ts";
import { ActorSystem, type Behavior, type Ref, stop } from "../mod.ts";
import { connectLines, type LineClient } from "./_line_client.ts";
import type { Smoke } from "./_smoke.ts";
import { Printer } from "./_demo/printer.ts";
import { paint } from "./_terminal.ts";

/** Something that the demo shows did not happen. */
export class DidNotHappen extends Error {
  override readonly name = "DidNotHappen";
}

/** What a service needs to be put on the stage. */
export interface Listening {
  readonly address: SocketAddress;
  readonly onListening: (address: SocketAddress) => void;
}

/** Where a server of the demo is asked to listen: any free port of this machine. */
const ANYWHERE: SocketAddress = { hostname: "127.0.0.1", port: 0 };

/** How long anything on the stage may take, on a slow machine too. */
const PATIENCE_MS = 20_000;

/** Another machine on the stage, as far as its actors can tell. */
export interface Machine {
  /** Ends it. */
  readonly stop: () => Promise<void>;
}

/** How long a process may take to listen. */
const START_MS = 30_000;

const STAGE_RIGHTS = ["--allow-read=.tmp", "--allow-write=.tmp", "--allow-net=127.0.0.1"];

/** A server in a process of its own. */
export class StageProcess {
  readonly #child: Deno.ChildProcess;
  readonly #script: string;
  #port = 0;

  /** Starts a script of this repository. */
  constructor(script: string, args: readonly string[], rights: readonly string[]) {
    this.#script = script;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--no-prompt", ...rights, script, ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  }

  /** The port that it listens on, once {@linkcode listens} has resolved. */
  get port(): number {
    return this.#port;
  }

  /** Reads what it prints up to the port that it listens on. */
  async listens(): Promise<void> {
    let text = "";
    for await (const piece of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      text += piece;
      const [, named] = /listening on (?:port |[\d.]+:)(\d+)/i.exec(text) ?? [];
      if (named === undefined) continue;
      this.#port = Number(named);
      return;
    }
    throw new DidNotHappen(`${this.#script} listens: it said ${text}`);
  }

  /** Ends it as `kill -9` does. Twice is fine. */
  async kill(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.status;
  }
}

const OVER = "the stage is over";

/**
 * The stage of one section. Everything on it goes when the section is over; what still waits on it then is
 * rejected, and nothing more is started.
 */
export class Stage implements AsyncDisposable {
  readonly world: World;
  readonly #system: ActorSystem;
  readonly #clients: LineClient[] = [];
  readonly #machines: ActorSystem[] = [];
  readonly #directories: string[] = [];
  #overheard: (record: LogRecord) => void = () => {};

  readonly #processes: StageProcess[] = [];
  #isOver = false;
  readonly #over = Promise.withResolvers<never>();
  readonly #printer: Printer;

  /** @param printer where everything that is said goes */
  constructor(section: string, printer: Printer = new Printer(0)) {
    this.#printer = printer;
    this.#over.promise.catch(() => {});
    const real = denoWorld({ log: { level: "error" } });
    const { log } = real;
    // What the servers log would drown what is said: it is the clients that people want to hear.
    const quiet: World["log"] = {
      enabled: (level) => level !== "debug",
      write: (record) => record.level === "error" ? log.write(record) : this.#overheard(record),
    };
    this.world = { ...real, log: quiet };
    this.#system = new ActorSystem(section, { world: this.world });
  }

  /** Starts a server, and says where. */
  async serve<M>(name: string, behavior: (listening: Listening) => Behavior<M>): Promise<SocketAddress> {
    const { promise, resolve } = Promise.withResolvers<SocketAddress>();
    this.start(name, behavior({ address: ANYWHERE, onListening: resolve }));
    const address = await this.soon(promise, `${name} listens`);
    this.note(`${name} listens on ${formatAddress(address)}`);
    return address;
  }

  /** Starts an actor. */
  start<M>(name: string, behavior: Behavior<M>): Ref<M> {
    return this.#system.spawn(name, behavior, { onFailure: stop() });
  }

  /** Starts an actor on a machine of its own. */
  machine<M>(name: string, behavior: Behavior<M>): Machine {
    const system = new ActorSystem(name, { world: this.world });
    this.#machines.push(system);
    system.spawn("node", behavior);
    return { stop: () => system.stop() };
  }

  /** From now on, tells what the servers log. */
  overhear(overheard: (record: LogRecord) => void): void {
    this.#overheard = overheard;
  }

  /** Free ports of this machine, for those who must know of each other before they listen. */
  freePorts(count: number): number[] {
    const listeners = Array.from({ length: count }, () => this.world.net.listenTcp(ANYWHERE));
    const ports = listeners.map(({ address }) => address.port);
    for (const listener of listeners) listener.close();
    return ports;
  }

  /**
   * Starts a server of this repository as a process of its own, which may write below `.tmp/` unless
   * `rights` say otherwise, and waits for its port.
   */
  async process(
    script: string,
    args: readonly string[],
    rights: readonly string[] = STAGE_RIGHTS,
  ): Promise<StageProcess> {
    if (this.#isOver) throw new DidNotHappen(OVER);
    const process = new StageProcess(script, args, rights);
    // Before it listens: one that is still on its way is ended with the stage as well.
    this.#processes.push(process);
    await this.soon(process.listens(), `${script} listens`, START_MS);
    return process;
  }

  /** Resolves when all that was said is on the screen. */
  quiet(): Promise<void> {
    return this.#printer.drained();
  }

  /** Connects a client that speaks in lines. */
  async client(address: SocketAddress): Promise<LineClient> {
    const client = await this.soon(connectLines(this.world, { address }), "a client connects");
    this.#clients.push(client);
    return client;
  }

  /** An empty directory, removed in the end. */
  async directory(): Promise<string> {
    await Deno.mkdir(".tmp", { recursive: true });
    const directory = await Deno.makeTempDir({ dir: ".tmp", prefix: "demo-" });
    this.#directories.push(directory);
    return directory;
  }

  /** Prints what somebody says. */
  says(who: string, text: string): void {
    this.#printer.print(`  ${paint("cyan", who.padStart(12))}  ${text}`);
  }

  /** Prints what somebody hears. */
  hear(who: string, text: string): void {
    this.says(who, paint("green", `⟵ ${text}`));
  }

  /** Prints what happens. */
  note(text: string): void {
    this.#printer.print(`  ${" ".repeat(12)}  ${paint("dim", text)}`);
  }

  /** Has a client send a line. */
  send(who: string, client: LineClient, text: string): void {
    this.says(who, text);
    client.send(text);
  }

  /** Waits for a client's next line, prints it as heard by `who`, and checks it. */
  async hears(who: string, client: LineClient, expected: string | RegExp): Promise<string> {
    const line = await this.soon(client.next(), `${who} hears ${expected}`);
    if (line === null) throw new DidNotHappen(`${who} should hear ${expected}, and the connection is over`);
    this.hear(who, line);
    if (typeof expected === "string" ? line !== expected : !expected.test(line)) {
      throw new DidNotHappen(`${who} should hear ${expected}`);
    }
    return line;
  }

  /** Plays a service's talk for the tests: what is said to a server of it, and what comes back. */
  async talk(name: string, { says, hears }: Smoke): Promise<void> {
    const server = await this.process(`tasks/${name.replaceAll("-", "_")}_server.ts`, [
      ...["--host", "127.0.0.1", "--port", "0"],
    ]);
    const client = await this.client({ hostname: "127.0.0.1", port: server.port });
    for (const line of says) this.send("client", client, line);
    for (const pattern of hears) await this.hears("client", client, pattern);
  }

  /** Checks something that the demo has said. */
  check(happened: boolean, what: string): void {
    if (!happened) throw new DidNotHappen(what);
  }

  /** Gives a promise a limit. */
  async soon<T>(promise: Promise<T>, what: string, limitMs = PATIENCE_MS): Promise<T> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = this.world.clock.timer(
      limitMs,
      () => reject(new DidNotHappen(`${what}: not within ${limitMs} ms`)),
    );
    try {
      return await Promise.race([promise, late, this.#over.promise]);
    } finally {
      timer.cancel();
    }
  }

  /** Waits until something holds that nobody tells of. */
  async until(
    condition: () => boolean | Promise<boolean>,
    what: string,
    limitMs = PATIENCE_MS,
  ): Promise<void> {
    const end = this.world.clock.monotonic() + limitMs;
    while (!await condition()) {
      if (this.#isOver) throw new DidNotHappen(OVER);
      if (this.world.clock.monotonic() > end) throw new DidNotHappen(`${what}: not within ${limitMs} ms`);
      await new Promise<void>((resolve) => this.world.clock.timer(20, resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#over.reject(new DidNotHappen(OVER));
    await Promise.all(this.#processes.map((process) => process.kill()));
    await Promise.all(this.#clients.map((client) => client[Symbol.asyncDispose]()));
    await Promise.all([this.#system, ...this.#machines].map((system) => system.stop()));
    await Promise.all(this.#directories.map((directory) => Deno.remove(directory, { recursive: true })));
  }
}
