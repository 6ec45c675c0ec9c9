/**
 * The records store: all of its actors, and the port on which it listens.
 *
 * @module
 */
import { jsonFrames } from "../../protocols/json_stream.ts";
import { maxMessageBytes, type RecordsInfo, type RecordsResponse } from "../../protocols/records.ts";
import { AddressRate, LogThrottle, type TcpLimits } from "../net/mod.ts";
import { tcpServer, type TcpServerCommand } from "../net/tcp_server.ts";
import { assertNever, type Behavior, type Context, escalate, type Ref } from "../runtime/mod.ts";
import type { SocketAddress, TlsServerOptions } from "../world/world.ts";
import { archive } from "./archive.ts";
import type { RecordCommand } from "./record.ts";
import type { RecordIndexCommand } from "./index_messages.ts";
import { recordIndex } from "./record_index.ts";
import type { StorePlaces } from "./recovery.ts";
import { refresher } from "./refresher.ts";
import { type GetInfo, recordsSession } from "./doors/json.ts";

/** Options of {@linkcode recordsServer}. */
export interface RecordsServerOptions extends StorePlaces {
  /** Where to listen; port 0 takes any free one. */
  readonly address: SocketAddress;
  /** With it the server speaks TLS. */
  readonly tls?: TlsServerOptions;
  /** What clients must show before anything else. @default none */
  readonly token?: string;
  /** Connections served at once. @default 10 */
  readonly maxConnections?: number;
  /** Limits of one connection; without an idle timeout of its own, 300 s. */
  readonly limits?: Partial<TcpLimits>;
  /** Milliseconds between two looks for old records. @default 60000 */
  readonly refreshIntervalMs?: number;
  /** Records older than this are given the present time. @default 900000 */
  readonly refreshThresholdMs?: number;
  /** The most bytes of a record. @default 65536 */
  readonly maxDataBytes?: number;
  /** Milliseconds in which a stop lets the connections send what is queued. @default 5000 */
  readonly drainMs?: number;
}

/** What a records server can be asked. */
export type RecordsServerCommand =
  /** Where it listens, once it does. */
  | { readonly type: "get-address"; readonly replyTo: Ref<SocketAddress> }
  | GetInfo;

/** What a records server is told by its own actors. */
export type RecordsServerEvent =
  | { readonly type: "listening"; readonly address: SocketAddress }
  | { readonly type: "opened" }
  | { readonly type: "not-opened"; readonly error: unknown }
  | { readonly type: "counted"; readonly asked: GetInfo; readonly counts: RecordsInfo }
  | { readonly type: "not-counted"; readonly asked: GetInfo };

/**
 * Wrong tokens that one address may show: over it none is looked at, so that coming back is no way to try
 * more.
 */
const REFUSALS = { perSecond: 5, burst: 5 };

/** The index and the listener answer at once; an end to the waiting all the same. */
const COUNT_TIMEOUT_MS = 10_000;

/**
 * Keeps a text file for each client and a record file with all their datestamps, and serves them by TCP.
 *
 * It fails, and does not come back by itself, when it cannot listen or its directories cannot be read: spawn
 * it with `onFailure: escalate()`.
 *
 * @example
 * ```ts
 * import { ActorSystem, escalate } from "@troupe/actors";
 * import { recordsServer } from "@troupe/actors/records";
 * import { simWorld } from "@troupe/actors/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const sim = simWorld({ seed: 1 });
 * const host = sim.host("school");
 * host.disk.makeDirectory("/records");
 * const system = new ActorSystem("school", { world: host.world });
 * const places = { filesDirectory: "/records", recordDirectory: "/records", recordName: "records.json" };
 * const address = { hostname: "::", port: 12000 };
 * system.spawn("records", recordsServer({ address, ...places }), { onFailure: escalate() });
 *
 * await sim.until(() => host.log.lines().includes("The server is ready to receive on port 12000."), 1000);
 * assertEquals(host.disk.readText("/records/records.json"), "{\n}\n");
 * await sim.settle(system.stop());
 * ```
 */
export function recordsServer(
  options: RecordsServerOptions,
): Behavior<RecordsServerCommand | RecordsServerEvent> {
  return (self) => {
    const server = new RecordsServer(self, options);
    return (message) => server.handle(message);
  };
}

class RecordsServer {
  readonly #self: Context<RecordsServerCommand | RecordsServerEvent>;
  readonly #options: RecordsServerOptions;
  readonly #maxConnections: number;
  readonly #index: Ref<RecordIndexCommand>;
  readonly #listener: Ref<TcpServerCommand>;
  #address: SocketAddress | undefined;

  /**
   * Starts all, the listener last: it is the first to stop, and the index, which ends what the others began,
   * the last.
   */
  constructor(self: Context<RecordsServerCommand | RecordsServerEvent>, options: RecordsServerOptions) {
    this.#self = self;
    this.#options = options;
    this.#maxConnections = options.maxConnections ?? 10;
    const { filesDirectory } = options;
    const index = this.#index = self.spawn("index", recordIndex(options), { onFailure: escalate() });
    const files: Ref<RecordCommand> = self.spawn("files", archive({ filesDirectory, index }));
    self.spawn(
      "refresher",
      refresher({
        index,
        archive: files,
        intervalMs: options.refreshIntervalMs ?? 60_000,
        thresholdMs: options.refreshThresholdMs ?? 900_000,
      }),
    );
    this.#listener = self.spawn("listener", this.#listen(files), {
      onFailure: escalate(),
      shutdownMs: options.drainMs ?? 5000,
    });
  }

  handle(message: RecordsServerCommand | RecordsServerEvent): void {
    switch (message.type) {
      case "listening":
        // Only now: who has the port is alone with the files, also when it is started twice by mistake.
        this.#address = message.address;
        return this.#index.tell({ type: "open", replyTo: this.#self.self });
      case "opened":
        this.#announce();
        return this.#self.stash.unstashAll();
      case "not-opened":
        throw message.error;
      case "get-address":
        if (this.#address === undefined) this.#self.stash.push(message);
        else message.replyTo.tell(this.#address);
        return;
      case "get-info":
        return this.#count(message);
      case "counted":
        return answer(message.asked, {
          type: "info",
          clientId: message.asked.clientId,
          data: message.counts,
        });
      case "not-counted": {
        const data = "Cannot count: the server is in trouble.";
        return answer(message.asked, { type: "error", clientId: message.asked.clientId, data });
      }
      default:
        assertNever(message);
    }
  }

  #listen(files: Ref<RecordCommand>): Behavior<TcpServerCommand> {
    const { address, tls, token, drainMs, limits, maxDataBytes = 65536 } = this.#options;
    const self: Ref<RecordsServerCommand | RecordsServerEvent> = this.#self.self;
    return (listener) =>
      tcpServer({
        address,
        ...(tls === undefined ? {} : { tls }),
        frames: () => jsonFrames({ maxFrameBytes: maxMessageBytes(maxDataBytes) }),
        session: recordsSession({
          archive: files,
          server: self,
          ...(token === undefined ? {} : { token }),
          maxDataBytes,
          refusals: new AddressRate(REFUSALS),
          warnings: new LogThrottle(listener),
        }),
        login: token !== undefined,
        limits: { idleTimeoutMs: 300_000, ...limits, maxClients: this.#maxConnections },
        onListening: (real) => self.tell({ type: "listening", address: real }),
        ...(drainMs === undefined ? {} : { drainMs }),
      })(listener);
  }

  #announce(): void {
    const { log } = this.#self;
    log.plain(`The server is ready to receive on port ${this.#address?.port}.`, {
      event: "listening",
      ...this.#address,
    });
    log.plain(`Server host: ${this.#options.address.hostname}`, { event: "server-host" });
    log.plain(`Server max connections: ${this.#maxConnections}`, { event: "server-max-connections" });
    log.plain("Press Ctrl+C to quit.", { event: "quit-hint" });
  }

  #count(asked: GetInfo): void {
    const within = { timeoutMs: COUNT_TIMEOUT_MS };
    const counts = Promise.all([
      this.#listener.ask<number>((replyTo) => ({ type: "get-client-count", replyTo }), within),
      this.#index.ask<number>((replyTo) => ({ type: "get-count", replyTo }), within),
    ]);
    this.#self.pipe(
      counts,
      ([connections, records]) => {
        return {
          type: "counted",
          asked,
          counts: { connections, max_connections: this.#maxConnections, records },
        };
      },
      () => ({ type: "not-counted", asked }),
    );
  }
}

function answer({ tag, replyTo }: GetInfo, response: RecordsResponse): void {
  replyTo.tell({ type: "answered", tag, response });
}
