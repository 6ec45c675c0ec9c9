/**
 * A cluster of real processes, which are killed and frozen while clients work; and the judgement.
 *
 * @module
 */
import { type Cluster, composeEngine, type Engine, joinCluster } from "../../../actors/cluster/mod.ts";
import { natsDriver } from "../../../actors/cluster/engines/nats.ts";
import { ActorSystem, denoWorld } from "../../../mod.ts";
import { root, startProcess, type TestProcess } from "../../_helpers.ts";
import { NatsServers } from "../nats/_servers.ts";
import { ledger, type LedgerAnswer } from "./_ledger.ts";

/** How it is run. */
export interface TortureOptions {
  readonly seconds: number;
  readonly servers: 1 | 3;
  readonly leaseTtlMs: number;
  /** What happens to hosts, and how often: seconds between two. */
  readonly killEveryMs?: number;
  readonly freezeEveryMs?: number;
  readonly killServerEveryMs?: number;
  readonly fence: "on" | "off";
  /** Ends it as soon as something is wrong. */
  readonly untilWrong?: boolean;
}

/** What came of it. */
export interface TortureResult {
  readonly acknowledged: number;
  readonly reads: number;
  readonly kills: number;
  readonly freezes: number;
  readonly serverKills: number;
  /** Milliseconds that operations took, the slowest last. */
  readonly latenciesMs: readonly number[];
  /** What cannot be: each a sentence. */
  readonly wrong: readonly string[];
}

const HOSTS = 3;
const CLIENTS = 12;
const ENTITIES = 8;
/** What is left to be answered at the end has so long. */
const CALM_MS = 90_000;

const world = denoWorld({ log: { level: "error", write: () => {} } });
const pause = (ms: number) => new Promise<void>((resolve) => void world.clock.timer(ms, resolve));

/** Runs it. */
export async function torture(options: TortureOptions): Promise<TortureResult> {
  await using servers = await NatsServers.start(options.servers);
  await using hosts = await Hosts.start(servers, options);
  const driver = await natsDriver({
    world,
    servers: servers.addresses,
    replicas: options.servers,
    leaseTtlMs: options.leaseTtlMs,
    startTimeoutMs: 60_000,
  });
  await using engine = composeEngine(driver, world);
  const system = new ActorSystem("clients", { world });
  const cluster = await joinCluster(system, { engine });
  const ledgers = new Ledgers();
  const endsAt = world.clock.monotonic() + options.seconds * 1000;
  const isOver = () =>
    world.clock.monotonic() > endsAt || (options.untilWrong === true && ledgers.wrong.length > 0);
  const clients = Array.from(
    { length: CLIENTS },
    (_, client) => work(cluster, ledgers, client, isOver, endsAt),
  );
  const faults = [hosts.trouble(isOver), troubleServers(servers, options, isOver)];
  const [, serverKills = 0] = await Promise.all(faults);
  await hosts.calm();
  await Promise.all(clients);
  await ledgers.judge(engine);
  await cluster.leave();
  await system.stop();
  return {
    acknowledged: ledgers.acknowledged,
    reads: ledgers.reads,
    kills: hosts.kills,
    freezes: hosts.freezes,
    serverKills,
    latenciesMs: ledgers.latenciesMs.toSorted((left, right) => left - right),
    wrong: ledgers.wrong,
  };
}

async function work(
  cluster: Cluster,
  ledgers: Ledgers,
  client: number,
  isOver: () => boolean,
  endsAt: number,
): Promise<void> {
  for (let n = 0; !isOver(); n++) {
    const entity = `e${Math.floor(Math.random() * ENTITIES)}`;
    const ref = cluster.ref(ledger, entity);
    const operationId = Math.random() < 0.7 ? `${client}-${n}` : undefined;
    const known = ledgers.known(entity);
    const startedAt = world.clock.monotonic();
    for (;;) {
      try {
        const answer = operationId === undefined
          ? await ref.ask({ type: "read" }, { timeoutMs: 2000 })
          : await ref.ask({ type: "add", operationId }, { timeoutMs: 2000 });
        ledgers.answered(entity, operationId, answer, known, world.clock.monotonic() - startedAt);
        break;
      } catch {
        // Asked again: it is the same operation.
        if (world.clock.monotonic() > endsAt + CALM_MS) {
          ledgers.wrong.push(`${entity}: ${operationId ?? "a read"} was never answered`);
          return;
        }
        await pause(20);
      }
    }
  }
}

/** What clients were told. */
class Ledgers {
  readonly wrong: string[] = [];
  readonly latenciesMs: number[] = [];
  reads = 0;
  readonly #added = new Map<string, Map<number, string>>();
  readonly #newest = new Map<string, LedgerAnswer>();

  get acknowledged(): number {
    return [...this.#added.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** What somebody has been told already. */
  known(entity: string): LedgerAnswer {
    return this.#newest.get(entity) ?? { count: 0, epoch: 0 };
  }

  answered(
    entity: string,
    operationId: string | undefined,
    answer: LedgerAnswer,
    known: LedgerAnswer,
    tookMs: number,
  ): void {
    this.latenciesMs.push(tookMs);
    const added = this.#added.get(entity) ?? new Map<number, string>();
    this.#added.set(entity, added);
    if (operationId === undefined) {
      this.reads++;
      if (answer.count < known.count) {
        this.wrong.push(`${entity}: a read saw ${answer.count} operations when ${known.count} were known`);
      }
      // An operation that is answered again is answered as it was then, a read by whoever owns it now.
      if (answer.epoch < known.epoch) this.wrong.push(`${entity}: the epoch went back to ${answer.epoch}`);
      if (answer.epoch > known.epoch) {
        this.#newest.set(entity, { ...this.known(entity), epoch: answer.epoch });
      }
    } else {
      const other = added.get(answer.count);
      if (other !== undefined && other !== operationId) {
        this.wrong.push(`${entity}: ${operationId} and ${other} were both the operation ${answer.count}`);
      }
      added.set(answer.count, operationId);
    }
    if (answer.count > this.known(entity).count) {
      this.#newest.set(entity, { ...this.known(entity), count: answer.count });
    }
  }

  /** Compares all that was answered with what is kept. */
  async judge({ journal }: Engine): Promise<void> {
    for (const [entity, added] of this.#added) {
      const { snapshot, commits } = await patiently(() => journal.read({ type: "ledger", id: entity }));
      const kept: unknown = snapshot?.state;
      const state = typeof kept === "object" && kept !== null && "state" in kept ? kept.state : [];
      const names = [
        ...(Array.isArray(state) ? state.map(String) : []),
        ...commits.flatMap(({ entries }) => entries.flatMap(({ events }) => events.map(String))),
      ];
      if (new Set(names).size !== names.length) {
        this.wrong.push(`${entity}: ${names.length - new Set(names).size} operations are there twice`);
      }
      for (const [count, name] of added) {
        if (!names.includes(name)) this.wrong.push(`${entity}: ${name} was acknowledged, and is lost`);
        else if (names[count - 1] !== name) {
          this.wrong.push(`${entity}: ${name} is not where it was said to be`);
        }
      }
      const epochs = commits.map(({ epoch }) => epoch);
      const back = epochs.findIndex((epoch, index) => epoch < (epochs[index - 1] ?? 0));
      if (back >= 0) this.wrong.push(`${entity}: the epoch goes back in the journal`);
    }
  }
}

async function patiently<T>(run: () => Promise<T>): Promise<T> {
  for (let tries = 0;; tries++) {
    try {
      return await run();
    } catch (error) {
      if (tries >= 100) throw error;
      await pause(200);
    }
  }
}

/** The processes of the hosts. */
class Hosts implements AsyncDisposable {
  kills = 0;
  freezes = 0;
  readonly #servers: NatsServers;
  readonly #options: TortureOptions;
  readonly #running: TestProcess[] = [];

  private constructor(servers: NatsServers, options: TortureOptions) {
    this.#servers = servers;
    this.#options = options;
  }

  static async start(servers: NatsServers, options: TortureOptions): Promise<Hosts> {
    const hosts = new Hosts(servers, options);
    for (let index = 0; index < HOSTS; index++) await hosts.#start(index);
    return hosts;
  }

  async #start(index: number): Promise<void> {
    const { servers, leaseTtlMs, fence } = this.#options;
    const host = startProcess(Deno.execPath(), [
      ...["run", "-q", "--no-prompt", "--allow-net=127.0.0.1", "--allow-read=.", "--allow-env"],
      `${root}tests/cluster/torture/_host.ts`,
      ...[`h${index}`, `${servers}`, `${leaseTtlMs}`, fence, ...this.#servers.addresses],
    ]);
    this.#running[index] = host;
    await host.line("joined");
  }

  async trouble(isOver: () => boolean): Promise<number> {
    const { killEveryMs = Infinity, freezeEveryMs = Infinity, leaseTtlMs } = this.#options;
    const { clock } = world;
    let [killAt, freezeAt] = [clock.monotonic() + killEveryMs, clock.monotonic() + freezeEveryMs];
    while (!isOver()) {
      await pause(50);
      const index = Math.floor(Math.random() * HOSTS);
      const host = this.#running[index];
      if (clock.monotonic() > killAt) {
        this.kills++;
        await host?.[Symbol.asyncDispose]();
        await this.#start(index);
        killAt = clock.monotonic() + killEveryMs * (0.5 + Math.random());
      } else if (clock.monotonic() > freezeAt) {
        this.freezes++;
        host?.kill("SIGSTOP");
        await pause(leaseTtlMs * (1.3 + Math.random()));
        host?.kill("SIGCONT");
        freezeAt = clock.monotonic() + freezeEveryMs * (0.5 + Math.random());
      }
    }
    return this.kills;
  }

  /** All go on. */
  calm(): Promise<void> {
    for (const host of this.#running) host.kill("SIGCONT");
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running.map((host) => host[Symbol.asyncDispose]()));
  }
}

async function troubleServers(
  servers: NatsServers,
  options: TortureOptions,
  isOver: () => boolean,
): Promise<number> {
  const { killServerEveryMs = Infinity, leaseTtlMs } = options;
  let kills = 0;
  for (let at = world.clock.monotonic() + killServerEveryMs; !isOver();) {
    await pause(100);
    if (world.clock.monotonic() < at) continue;
    const index = Math.floor(Math.random() * options.servers);
    // Some are frozen for longer than a lease, some die.
    if (Math.random() < 0.3) {
      servers.process(index)?.kill("SIGSTOP");
      await pause(leaseTtlMs * (1.3 + Math.random()));
      servers.process(index)?.kill("SIGCONT");
    } else {
      await servers.kill(index);
      await pause(Math.random() * 1000);
      await servers.restart(index);
    }
    kills++;
    at = world.clock.monotonic() + killServerEveryMs * (0.5 + Math.random());
  }
  return kills;
}

/** A run in one line. */
export function resultText(
  { acknowledged, reads, kills, freezes, serverKills, latenciesMs, wrong }: TortureResult,
): string {
  const at = (share: number) => (latenciesMs[Math.floor(latenciesMs.length * share)] ?? 0).toFixed(0);
  return `${acknowledged} operations and ${reads} reads answered, ${kills} hosts killed, ${freezes} frozen, ` +
    `${serverKills} servers killed or frozen, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${
      (latenciesMs.at(-1) ?? 0).toFixed(0)
    } ms: ${wrong.length} wrong`;
}
