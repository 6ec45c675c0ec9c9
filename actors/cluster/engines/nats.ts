/**
 * The engine of a cluster of many machines: NATS with JetStream.
 *
 * @module
 */
import { DiscardPolicy, jetstream, jetstreamManager, type StreamConfig } from "@nats-io/jetstream";
import { millis, nanos, type NatsConnection } from "@nats-io/nats-core";
import { NatsConnectionImpl, setTransportFactory } from "@nats-io/nats-core/internal";
import { type Cancellable, errorText, type Log, type World, WorldError } from "../../world/world.ts";
import { composeEngine } from "../compose.ts";
import type { Driver } from "../driver.ts";
import type { Engine } from "../engine.ts";
import { checkTypeName } from "../names.ts";
import { NatsKeys } from "./_nats_keys.ts";
import { ConditionalPublisher } from "./_nats_publish.ts";
import { NatsRecords } from "./_nats_records.ts";
import { NatsSocket } from "./_nats_socket.ts";
import { NatsTransport } from "./_nats_transport.ts";

/** Who connects to NATS. */
export interface NatsCredentials {
  /** The user's name, with `pass`. */
  readonly user?: string;
  /** The user's password. */
  readonly pass?: string;
  /** A token, in place of a user. */
  readonly token?: string;
  /** Speak TLS: certificate authorities to trust, and a certificate of our own with its key, PEM each. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

/** Options of {@linkcode natsEngine}. */
export interface NatsEngineOptions {
  /** Clock and event loop. */
  readonly world: World;
  /** Servers, `HOST:PORT` each. Any one that answers leads to the others. */
  readonly servers: readonly string[];
  /**
   * First word of all names in the server: clusters of different names share a server, and nothing else.
   * @default "troupe"
   */
  readonly name?: string;
  /** Copies of all that is kept: 1, 3 or 5. @default 1 */
  readonly replicas?: number;
  /** How long a host is believed alive without a word; the same on all hosts. @default 2000 */
  readonly leaseTtlMs?: number;
  /** How long the first connection and the making of the streams may take. @default 15000 */
  readonly startTimeoutMs?: number;
  /** Who connects, and how it is kept from others: user, password, token, TLS. @default none */
  readonly connection?: NatsCredentials;
}

/** Older servers do not keep compare-and-append in a cluster of servers: two writers may both succeed. */
const OLDEST_VERSION = [2, 10, 27] as const;
/** From here on a request is answered with many records. */
const BATCH_VERSION = [2, 11, 0] as const;
/** What a request takes beside its body, of the most that the server takes. */
const HEADER_BYTES = 4096;
/** A lease is renewed three times in its time, and each has to be over before the next. */
const REQUESTS_A_LEASE = 4;
const RETRY_MS = 250;
/** Refusals of a server that are said. */
const MAX_REFUSALS = 20;
const LEASE_TTL_MS = 2000;
/** A stream of several servers takes a while to be made; a server without a leader does not answer at all. */
const MAKE_TIMEOUT_MS = 3000;

/**
 * Connects to NATS and makes what is missing there: four streams, of the names `NAME_journal`,
 * `NAME_snapshots`,
 * `NAME_places`, `NAME_hosts`.
 *
 * The server should have `sync_interval: always` (or three of them with replicas on separate machines):
 * otherwise what was acknowledged last is lost when the power goes.
 *
 * @throws `WorldError` of kind `unreachable` when no server answers in time, `invalid-data` when the server
 * is older than 2.10.27, has no JetStream, or has streams of these names that are kept otherwise.
 *
 * @example With a server on this machine
 * ```ts ignore
 * import { natsEngine } from "@troupe/actors/cluster/engines";
 * import { joinCluster } from "@troupe/actors/cluster";
 * import { ActorSystem } from "@troupe/actors";
 *
 * await using system = new ActorSystem("demo");
 * await using engine = await natsEngine({ world: system.world, servers: ["127.0.0.1:4222"] });
 * await using cluster = await joinCluster(system, { engine, types: [] });
 * ```
 */
export async function natsEngine(options: NatsEngineOptions): Promise<Engine> {
  return composeEngine(await natsDriver(options), options.world);
}

/** Makes what {@linkcode natsEngine} is made of. Throws as it does. */
export async function natsDriver(options: NatsEngineOptions): Promise<Driver> {
  const {
    world,
    servers,
    name = "troupe",
    replicas = 1,
    leaseTtlMs = LEASE_TTL_MS,
    startTimeoutMs = 15_000,
  } = options;
  checkTypeName(name);
  if (servers.length === 0) throw new TypeError("Cannot connect to NATS: no server is named");
  const timeoutMs = leaseTtlMs / REQUESTS_A_LEASE;
  const connection = await connectTo(options, startTimeoutMs);
  try {
    checkServer(connection);
    const js = jetstream(connection, { timeout: timeoutMs });
    const jsm = await jetstreamManager(connection, { timeout: timeoutMs, checkAPI: false });
    const streams = {
      journal: `${name}_journal`,
      snapshots: `${name}_snapshots`,
      places: `${name}_places`,
      hosts: `${name}_hosts`,
    };
    const pause = (ms: number) => new Promise<void>((resolve) => void world.clock.timer(ms, resolve));
    const slow = await jetstreamManager(connection, { timeout: MAKE_TIMEOUT_MS, checkAPI: false });
    for (const config of streamConfigs(streams, replicas, leaseTtlMs)) {
      await makeStream(slow.streams, config, world, startTimeoutMs, pause);
    }
    const most = (connection.info?.max_payload ?? 0) - HEADER_BYTES;
    const hasBatches = isAtLeast(connection.info?.version ?? "", BATCH_VERSION);
    const publisher = new ConditionalPublisher({ js, clock: world.clock, timeoutMs, pause });
    const watching = new ConnectionWatch(connection, world.log);
    return {
      name: "nats",
      transport: new NatsTransport(connection, name, most),
      records: new NatsRecords({ publisher, jsm, streams, maxRecordBytes: most, hasBatches, pause }),
      keys: new NatsKeys({ publisher, jsm, streams, leaseTtlMs }),
      get isConnected() {
        return watching.isConnected;
      },
      observeConnection: (changed) => watching.observe(changed),
      [Symbol.asyncDispose]: () => connection.close(),
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function connectTo(options: NatsEngineOptions, timeoutMs: number): Promise<NatsConnection> {
  const { servers, connection = {}, leaseTtlMs = LEASE_TTL_MS } = options;
  // The client asks for one whenever it dials, and knows one maker for all its connections.
  setTransportFactory({ factory: () => new NatsSocket() });
  try {
    const connected = await NatsConnectionImpl.connect({
      ...connection,
      servers: [...servers],
      name: "troupe",
      timeout: timeoutMs,
      // A host comes back by itself, however long the server was away.
      maxReconnectAttempts: -1,
      reconnectTimeWait: RETRY_MS,
      reconnectJitter: RETRY_MS / 2,
      pingInterval: 2000,
      maxPingOut: 2,
      // A stack for each request would cost as much as the request.
      noAsyncTraces: true,
    });
    // A frozen server takes a connection, and says nothing: another is tried before a lease is lost.
    if (connected instanceof NatsConnectionImpl) {
      connected.options.timeout = Math.max(leaseTtlMs / 2, RETRY_MS);
    }
    return connected;
  } catch (error) {
    throw new WorldError(
      "unreachable",
      `Cannot connect to NATS at ${servers.join(", ")}: ${errorText(error)}`,
      {
        cause: error,
      },
    );
  }
}

function checkServer({ info }: NatsConnection): void {
  const version = info?.version ?? "unknown";
  if (!isAtLeast(version, OLDEST_VERSION)) {
    throw new WorldError(
      "invalid-data",
      `Cannot use the NATS server: it is version ${version}, and before ${
        OLDEST_VERSION.join(".")
      } two writers of ` +
        "one journal may both succeed",
    );
  }
  if (info?.jetstream !== true) {
    throw new WorldError(
      "invalid-data",
      "Cannot use the NATS server: it has no JetStream (jetstream { } in its file)",
    );
  }
}

function isAtLeast(version: string, least: readonly [number, number, number]): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  const [leastMajor, leastMinor, leastPatch] = least;
  if (major !== leastMajor) return major > leastMajor;
  return minor !== leastMinor ? minor > leastMinor : patch >= leastPatch;
}

type Streams = Readonly<Record<"journal" | "snapshots" | "places" | "hosts", string>>;
type Config = Partial<StreamConfig> & Pick<StreamConfig, "name">;

function streamConfigs(streams: Streams, replicas: number, leaseTtlMs: number): Config[] {
  const kept = (name: string): Config => ({
    name,
    subjects: [`${name}.>`],
    num_replicas: replicas,
    // Whatever else drops what was acknowledged is refused: see `checkStream`.
    max_msgs_per_subject: -1,
    max_age: 0,
    // Where an operator gives it a bound, what is new is refused, and nothing that was acknowledged is lost.
    discard: DiscardPolicy.New,
  });
  const newest = (name: string): Config => ({ ...kept(name), max_msgs_per_subject: 1 });
  const ttl = nanos(leaseTtlMs);
  return [
    // The last record is read from the leader; those before it from any replica, and checked.
    { ...kept(streams.journal), allow_direct: true },
    newest(streams.snapshots),
    newest(streams.places),
    { ...newest(streams.hosts), max_age: ttl, duplicate_window: ttl },
  ];
}

/** Makes a stream, or finds it as it is to be. Servers that form a cluster take a while until they can. */
async function makeStream(
  api: {
    add(config: Config): Promise<unknown>;
    update(name: string, config: Partial<StreamConfig>): Promise<unknown>;
    info(name: string): Promise<{ readonly config: StreamConfig }>;
  },
  config: Config,
  { clock, log }: World,
  timeoutMs: number,
  pause: (ms: number) => Promise<void>,
): Promise<void> {
  const endsAt = clock.monotonic() + timeoutMs;
  for (;;) {
    try {
      await api.add(config);
      return;
    } catch (error) {
      const known = await api.info(config.name).catch(() => undefined);
      if (known !== undefined) {
        checkStream(config, known.config);
        return await keepOld(api, known.config, log);
      }
      if (clock.monotonic() > endsAt) {
        throw new WorldError("unreachable", `Cannot make the stream ${config.name}: ${errorText(error)}`, {
          cause: error,
        });
      }
    }
    await pause(RETRY_MS);
  }
}

/** Has a stream of an older program refuse what is new when it is full, and not drop what is old. */
async function keepOld(
  api: { update(name: string, config: Partial<StreamConfig>): Promise<unknown> },
  config: StreamConfig,
  log: Log,
): Promise<void> {
  if (config.discard === DiscardPolicy.New) return;
  try {
    await api.update(config.name, { ...config, discard: DiscardPolicy.New });
  } catch (error) {
    const message = `Cannot have the stream ${config.name} keep what is old when it is full: ${
      errorText(error)
    }`;
    log.write({ level: "warn", actor: "/cluster", message, fields: { event: "engine-warning", error } });
  }
}

/** What matters of a stream, in the words of {@linkcode NatsEngineOptions} where it has any. */
const KEPT = {
  num_replicas: (count: unknown) => `replicas ${count}`,
  max_age: (ns: unknown, config: Config) =>
    `${config.max_age === 0 ? "max_age" : "leaseTtlMs"} ${typeof ns === "number" ? millis(ns) : ns}`,
  max_msgs_per_subject: (count: unknown) => `max_msgs_per_subject ${count}`,
  allow_direct: (allowed: unknown) => `allow_direct ${allowed}`,
} as const;

/** Throws when a stream that is there is kept otherwise in what matters. */
function checkStream(wanted: Config, found: StreamConfig): void {
  const wrong = (["num_replicas", "max_age", "max_msgs_per_subject", "allow_direct"] as const)
    .filter((option) => wanted[option] !== undefined && wanted[option] !== found[option]);
  if (wrong.length === 0) return;
  const differences = wrong.map((option) => {
    const say = KEPT[option];
    return `${say(found[option], wanted)} instead of ${say(wanted[option], wanted)}`;
  });
  const text = `Cannot use the stream ${wanted.name}: it was made with ${differences.join(", ")}`;
  const advice = "All hosts of a cluster have the same; another cluster takes another name";
  throw new WorldError("invalid-data", `${text}. ${advice}`);
}

/** Whether the server can be reached, as the client says. */
class ConnectionWatch {
  #isConnected = true;
  readonly #log: Log;
  /** What has been said, each once. */
  readonly #said = new Set<string>();
  readonly #observers = new Set<(isConnected: boolean) => void>();

  constructor(connection: NatsConnection, log: Log) {
    this.#log = log;
    this.#watch(connection);
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  observe(changed: (isConnected: boolean) => void): Cancellable {
    const own = (isConnected: boolean) => changed(isConnected);
    this.#observers.add(own);
    own(this.#isConnected);
    return { cancel: () => void this.#observers.delete(own) };
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === "disconnect") this.#set(false);
      else if (status.type === "reconnect") this.#set(true);
      else if (status.type === "error") this.#refused(status.error);
    }
    this.#set(false);
  }

  /** What the server does not let this user do: requests about it are not answered. */
  #refused(error: Error): void {
    const message = `The NATS server refuses something: ${errorText(error)}`;
    if (this.#said.has(message) || this.#said.size >= MAX_REFUSALS) return;
    this.#said.add(message);
    this.#log.write({ level: "warn", actor: "/cluster", message, fields: { event: "nats-refuses", error } });
  }

  #set(isConnected: boolean): void {
    if (this.#isConnected === isConnected) return;
    this.#isConnected = isConnected;
    for (const observer of this.#observers) observer(isConnected);
  }
}
