/**
 * What campaigns share: services as processes that a service manager starts anew, and line clients that never
 * give up.
 *
 * @module
 */
import { ActorSystem, type Behavior, escalate } from "../../mod.ts";
import {
  type ChaosPlan,
  type DiskOperation,
  type Program,
  simulate,
  type SimWorld,
  type World,
} from "../../actors/world/sim/mod.ts";
import type { TcpConnection } from "../../actors/world/world.ts";

/** A test to be run under many seeds. */
export interface Campaign {
  readonly name: string;
  /** What must have occurred with one of the seeds at least: see `SimulateOptions.sometimes`. */
  readonly sometimes?: readonly string[];
  run(sim: SimWorld): Promise<void>;
}

/** What befalls the machine of any service, several times in a run. */
export const MACHINE_FAULTS: ChaosPlan = {
  crashesPerMinute: 20,
  killsPerMinute: 15,
  aimedCrashesPerMinute: 30,
  gracefulRestartsPerMinute: 10,
  downMs: [10, 500],
  pausesPerMinute: 12,
  pauseMs: [100, 5000],
  clockJumpsPerMinute: 20,
  clockRates: [0.8, 1.2],
  cpuMs: [0, 0.2],
  descriptorsGonePerMinute: 10,
  slowDisksPerMinute: 20,
};

/** What a power cut does to what was written and not synced, where a checksum tells it from what was said. */
export const TEARING = { sectorsOutOfOrder: 0.4, lengthBeforeData: 0.4, garbage: 0.4 };

/** Operations that fail now and then, with a bad cable or a full disk. */
export const ANY_DISK_OPERATION: readonly DiskOperation[] = [
  ...[
    "open",
    "read",
    "write",
    "write",
    "sync",
    "sync",
    "truncate",
    "stat",
    "list",
    "rename",
    "remove",
  ] as const,
  ...["syncDirectory", "close"] as const,
];

/** What befalls the network between servers and clients. */
export const NETWORK_FAULTS: ChaosPlan = {
  partitionsPerMinute: 20,
  resetsPerMinute: 60,
  conditionsPerMinute: 5,
  lookupFailuresPerMinute: 10,
  nameChangesPerMinute: 10,
};

/** What must have occurred where {@linkcode MACHINE_FAULTS} and {@linkcode NETWORK_FAULTS} are at work. */
export const USUAL_FAULTS: readonly string[] = [
  ...["power cut", "killed", "asked to stop", "paused", "clock set", "accept fails, no descriptors"],
  ...["slow disk", "way cut", "connection reset", "name not found"],
  "name leads elsewhere",
].map((fault) => `fault: ${fault}`);

/**
 * Whether this run plays all that its campaign has, for as long as it may last. One in four does; what goes
 * wrong mostly does so soon, so the others are short, and more of them are run.
 */
export function playsAll({ seed }: SimWorld): boolean {
  return seed % 4 === 3;
}

/** How long something lasts in this run that takes `longestMs` in one that plays all. */
export function lasting(sim: SimWorld, longestMs: number): number {
  return playsAll(sim) ? longestMs : longestMs / 3;
}

/** Runs a campaign as a test: a failure names the command of the repository's own that runs it again. */
export async function runCampaign(campaign: Campaign, seeds: number | Iterable<number>): Promise<void> {
  const replay = (name: string, seed: number) => `deno task simulate --only "${name}" --seed ${seed}`;
  const { name, sometimes = [] } = campaign;
  // A few chosen seeds need not see everything.
  const options = { seeds, replay, ...(typeof seeds === "number" ? { sometimes } : {}) };
  await simulate(name, options, (sim) => campaign.run(sim));
}

/** How long the service manager waits before it starts a service that failed anew. */
export const RESTART_MS = 100;

/** A program that can be asked to stop. */
export interface Stoppable {
  stop(): Promise<void>;
}

/** A program that runs a service, runs it anew whenever it has failed, and stops it when it is asked to. */
export function service<M>(name: string, behavior: (world: World) => Behavior<M>): Program<Stoppable> {
  return (world) => {
    let isStopping = false;
    let system: ActorSystem;
    const start = () => {
      if (isStopping) return;
      system = new ActorSystem(name, { world });
      system.spawn("server", behavior(world), { onFailure: escalate() });
      system.terminated.catch(() => world.clock.timer(RESTART_MS, start));
    };
    start();
    return {
      stop() {
        isStopping = true;
        return system.stop();
      },
    };
  };
}

/** Resolves after so much virtual time. */
export function delay(world: World, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  world.clock.timer(ms, resolve);
  return promise;
}

/** Writes all of it. */
export async function writeAll(connection: TcpConnection, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

const encoder = new TextEncoder();

/** One connection of a client: what it sent and what it got, in whole lines. */
export interface ClientSession {
  readonly sent: string[];
  readonly received: string[];
}

/** Options of a {@linkcode LineClient}. */
export interface LineClientOptions {
  readonly hostname: string;
  readonly port: number;
  /** Nothing read for so long: the client connects anew. @default 2000 */
  readonly silenceMs?: number;
  /**
   * Sent when nothing was read for half of that time, where it has an answer: silence alone is no sign of a
   * dead server.
   */
  readonly probe?: string;
}

/** How long a connect may take. */
const CONNECT_MS = 500;

/** A client that speaks in lines and connects anew whenever its connection is lost, or silent for long. */
export class LineClient {
  readonly sessions: ClientSession[] = [];
  readonly #world: World;
  readonly #options: LineClientOptions;
  #connection: TcpConnection | undefined;
  #asked: ((line: string | undefined) => void)[] = [];
  #lastReadAt = 0;
  #unsent = "";
  #isWriting = false;

  constructor(world: World, options: LineClientOptions) {
    this.#world = world;
    this.#options = options;
    this.#run();
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /**
   * Sends a line, after those before it, when there is a connection. Whether it arrives is another question.
   */
  send(line: string): void {
    if (this.#connection === undefined) return;
    this.sessions.at(-1)?.sent.push(line);
    this.#write(this.#connection, `${line}\n`);
  }

  #write(connection: TcpConnection, text: string): void {
    this.#unsent += text;
    if (!this.#isWriting) this.#writeOn(connection);
  }

  /** Writes what has gathered, one write at a time. */
  async #writeOn(connection: TcpConnection): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#unsent !== "" && this.#connection === connection) {
        const bytes = encoder.encode(this.#unsent);
        this.#unsent = "";
        await writeAll(connection, bytes);
      }
    } catch {
      this.#lose(connection);
    } finally {
      if (this.#connection === connection) this.#isWriting = false;
    }
  }

  /**
   * Sends a line and resolves to the line that answers it, where each is answered in turn; undefined when the
   * connection ends first.
   */
  ask(line: string): Promise<string | undefined> {
    const session = this.sessions.at(-1);
    if (this.#connection === undefined || session === undefined) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#asked.push(resolve);
    this.send(line);
    return promise;
  }

  #received(session: ClientSession, line: string): void {
    session.received.push(line);
    this.#asked.shift()?.(line);
  }

  async #run(): Promise<void> {
    for (;;) {
      try {
        const connection = await this.#connect();
        this.#lastReadAt = this.#world.clock.monotonic();
        const session: ClientSession = { sent: [], received: [] };
        this.sessions.push(session);
        this.#connection = connection;
        this.#unsent = "";
        this.#isWriting = false;
        this.#watchSilence(connection);
        await readLines(connection, (line) => this.#received(session, line), () => {
          this.#lastReadAt = this.#world.clock.monotonic();
        });
        this.#lose(connection);
      } catch {
        if (this.#connection !== undefined) this.#lose(this.#connection);
      }
      await delay(this.#world, 20 + this.#world.random.next() * 100);
    }
  }

  #connect(): Promise<TcpConnection> {
    const { hostname, port } = this.#options;
    const giveUp = new AbortController();
    const timer = this.#world.clock.timer(CONNECT_MS, () => giveUp.abort(new Error("too late")));
    return this.#world.net.connectTcp({ hostname, port, signal: giveUp.signal }).finally(() =>
      timer.cancel()
    );
  }

  #watchSilence(connection: TcpConnection): void {
    const silenceMs = this.#options.silenceMs ?? 2000;
    this.#world.clock.timer(silenceMs / 4, () => {
      if (this.#connection !== connection) return;
      const silentMs = this.#world.clock.monotonic() - this.#lastReadAt;
      if (silentMs > silenceMs) return this.#lose(connection);
      const { probe } = this.#options;
      if (probe !== undefined && silentMs > silenceMs / 2) this.#write(connection, `${probe}\n`);
      this.#watchSilence(connection);
    });
  }

  #lose(connection: TcpConnection): void {
    connection.close();
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    for (const resolve of this.#asked.splice(0)) resolve(undefined);
  }
}

/** Reads whole lines until the end of the stream; what is left without a line end is dropped. */
export async function readLines(
  connection: TcpConnection,
  take: (line: string) => void,
  read: () => void = () => {},
): Promise<void> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let rest = "";
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) return;
    read();
    const lines = (rest + decoder.decode(buffer.subarray(0, count), { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  }
}

/** Where two lists differ first, for people; undefined when the first begins like the second ends up. */
export function firstDifference(got: readonly string[], expected: readonly string[]): string | undefined {
  const index = got.findIndex((line, at) => line !== expected[at]);
  if (index < 0) return undefined;
  const around = (list: readonly string[]) => list.slice(Math.max(0, index - 2), index + 3).join(" ");
  return `line ${index} is ${got[index]} instead of ${expected[index]} (… ${around(got)} … and … ${
    around(expected)
  } …)`;
}
