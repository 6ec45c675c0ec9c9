/**
 * The engine of a simulated world: a server in memory, reached over a line on which everything can go wrong.
 *
 * @module
 */
import type { Clock, World } from "../../world/world.ts";
import { composeEngine } from "../compose.ts";
import type { Driver, Keys, Records, Table } from "../driver.ts";
import type { Engine, Journal, Transport, TransportAskOptions, TransportHandler } from "../engine.ts";
import { NoHost, OutcomeUnknown } from "../errors.ts";
import { StoredJournal } from "../journal.ts";
import { checkTextBytes } from "../text_bytes.ts";
import { MemoryKeys } from "./_memory_keys.ts";
import { MemoryRecords } from "./_memory_records.ts";
import { DEFAULT_LEASE_TTL_MS, DEFAULT_MAX_BYTES } from "./memory.ts";

/** What goes wrong between a host and the server. All of it can be changed while it runs. */
export interface SimEngineFaults {
  /** Milliseconds of a message each way, at least and at most. */
  latencyMs: readonly [number, number];
  /** The share of requests that never arrive. */
  lostRequests: number;
  /** The share of requests that are carried out, and whose answer never comes. */
  lostAnswers: number;
  /** The share of requests that are carried out long after the asker has given up. */
  lateRequests: number;
  /** The share of reads of places that are answered with what was there before. */
  staleReads: number;
}

/** Options of {@linkcode SimEngineServer}. */
export interface SimEngineOptions {
  /** The server's own machine: its clock says when leases expire. */
  readonly world: World;
  /** How long a host is believed alive without a word. @default 2000 */
  readonly leaseTtlMs?: number;
  /** The most bytes of a commit, a snapshot or a message. @default 8388608 */
  readonly maxBytes?: number;
  /** What goes wrong. @default a millisecond each way, and nothing */
  readonly faults?: Partial<SimEngineFaults>;
  /** Told of each record that was written, for tests that judge. */
  readonly appended?: (key: string, body: string) => void;
  /** Told of each call to the server that a host begins, for tests that aim. */
  readonly called?: (host: World, what: string) => void;
}

/** A host's connection to the server of a simulated world. */
export interface SimConnection extends Driver {
  /** Nothing comes through, either way, until it is mended. */
  isCut: boolean;
  /** The server has noticed that the host is gone. */
  drop(): void;
}

/** What serves an address, or listens to a topic, on one connection. */
export interface SimServing {
  /** The connection. */
  readonly connection: SimConnection;
  /** Has its host handle a body, and takes the answer, which may never come. */
  readonly handle: (body: string, answer: (text: string) => void) => void;
}

/** What all hosts of a simulated world connect to. */
export class SimEngineServer {
  /** What goes wrong. */
  readonly faults: SimEngineFaults;
  /** The logs as they are, for tests that judge. */
  readonly records: Records;
  /** The keys as they are. */
  readonly keys: Keys;
  /** What is in the logs. */
  readonly journal: Journal;
  readonly #world: World;
  readonly #appended: (key: string, body: string) => void;
  /** Told of each call that a host begins. */
  readonly called: (host: World, what: string) => void;
  readonly #servers = new Map<string, SimServing[]>();
  readonly #subscribers = new Map<string, Set<SimServing>>();
  readonly #before = new Map<string, Awaited<ReturnType<Keys["get"]>>>();

  /** See {@linkcode SimEngineOptions}. */
  constructor(options: SimEngineOptions) {
    const { world, leaseTtlMs = DEFAULT_LEASE_TTL_MS, maxBytes = DEFAULT_MAX_BYTES, faults } = options;
    this.#world = world;
    this.#appended = options.appended ?? (() => {});
    this.called = options.called ?? (() => {});
    this.faults = {
      latencyMs: [1, 1],
      lostRequests: 0,
      lostAnswers: 0,
      lateRequests: 0,
      staleReads: 0,
      ...faults,
    };
    let revision = 0;
    this.records = new MemoryRecords(maxBytes);
    this.journal = new StoredJournal(this.records);
    this.keys = new MemoryKeys(world.clock, leaseTtlMs, () => ++revision);
  }

  /** Makes a host's connection. */
  connect(world: World): SimConnection {
    return new Connection(this, world, this.#world);
  }

  /** The same as an engine, for who needs no hand on the connection. */
  engine(world: World): Engine {
    return composeEngine(this.connect(world), world);
  }

  /** How long a message takes. */
  latencyMs(): number {
    const [least, most] = this.faults.latencyMs;
    return least + (most - least) * this.#world.random.next();
  }

  /** Whether something befalls one of so many. */
  befalls(share: number): boolean {
    return share > 0 && this.#world.random.next() < share;
  }

  /** A read of keys that may be stale. */
  async get(table: Table, key: string): ReturnType<Keys["get"]> {
    const isStale = table === "places" && this.befalls(this.faults.staleReads) && this.#before.has(key);
    return isStale ? this.#before.get(key) : await this.keys.get(table, key);
  }

  /** A write of keys. */
  async put(table: Table, key: string, value: string, revision: number): Promise<number> {
    const before = await this.keys.get(table, key);
    const written = await this.keys.put(table, key, value, revision);
    if (table === "places") this.#before.set(key, before);
    return written;
  }

  /** A write of a record. */
  async append(key: string, tail: number, body: string): Promise<number> {
    const seq = await this.records.append(key, tail, body);
    this.#appended(key, body);
    return seq;
  }

  /** Has a connection serve an address. */
  serve(address: string, serving: SimServing): void {
    this.#servers.set(address, [...this.#servers.get(address) ?? [], serving]);
  }

  /** Has a connection listen to a topic. */
  subscribe(topic: string, serving: SimServing): void {
    const subscribers = this.#subscribers.get(topic) ?? new Set();
    this.#subscribers.set(topic, subscribers.add(serving));
  }

  /** Takes what serves, or all of a connection, away. */
  forget(what: SimServing | SimConnection): void {
    const isOther = (serving: SimServing) => serving !== what && serving.connection !== what;
    for (const [address, servers] of this.#servers) this.#servers.set(address, servers.filter(isOther));
    for (const subscribers of this.#subscribers.values()) {
      for (const serving of subscribers) if (!isOther(serving)) subscribers.delete(serving);
    }
  }

  /** Who is to answer a request to an address. Throws {@linkcode NoHost} where nobody serves it. */
  serverOf(address: string): SimServing {
    const servers = this.#servers.get(address) ?? [];
    const serving = servers[Math.floor(this.#world.random.next() * servers.length)];
    if (serving === undefined) throw new NoHost(address);
    return serving;
  }

  /** Who listens to a topic. */
  subscribersOf(topic: string): SimServing[] {
    return [...this.#subscribers.get(topic) ?? []];
  }
}

/** What comes long after it was sent comes after so many leases, at most. */
const LATE_LEASES = 3;

/**
 * Messages one way, in order. They are on their way by the server's clock: what has come for a host that is
 * suspended is there when that goes on.
 */
class Line {
  readonly #clock: Clock;
  readonly #receiver: Clock;
  readonly #waiting: (() => void)[] = [];
  #lastAtMs = 0;

  constructor(clock: Clock, receiver: Clock) {
    this.#clock = clock;
    this.#receiver = receiver;
  }

  send(latencyMs: number, arrive: () => void): void {
    this.#waiting.push(arrive);
    const now = this.#clock.monotonic();
    this.#lastAtMs = Math.max(this.#lastAtMs, now + latencyMs);
    const come = () => void this.#receiver.timer(0, () => this.#waiting.shift()?.());
    this.#clock.timer(this.#lastAtMs - now, come);
  }
}

class Connection implements SimConnection {
  readonly name = "sim";
  isCut = false;
  readonly records: Records;
  readonly keys: Keys;
  readonly transport: Transport;
  readonly #server: SimEngineServer;
  readonly #world: World;
  readonly #serverClock: Clock;
  /** To the server, and back. */
  readonly #out: Line;
  readonly #in: Line;
  #isDropped = false;

  constructor(server: SimEngineServer, world: World, serverWorld: World) {
    this.#server = server;
    this.#world = world;
    this.#serverClock = serverWorld.clock;
    this.#out = new Line(serverWorld.clock, serverWorld.clock);
    this.#in = new Line(serverWorld.clock, world.clock);
    const { records, keys } = server;
    const call = <T>(what: string, run: () => Promise<T>) => this.#call(what, keys.leaseTtlMs / 4, run);
    this.records = {
      maxRecordBytes: records.maxRecordBytes,
      read: (key) => call(`a replay of ${key}`, () => records.read(key)),
      tail: (key) => call(`a read of ${key}`, () => records.tail(key)),
      trim: (key, seq) => call(`a trim of ${key}`, () => records.trim(key, seq)),
      append: (key, tail, body) => call(`an append to ${key}`, () => server.append(key, tail, body)),
      writeSnapshot: (key, revision, snapshot) =>
        call(`a snapshot of ${key}`, () => records.writeSnapshot(key, revision, snapshot)),
    };
    this.keys = {
      leaseTtlMs: keys.leaseTtlMs,
      get: (table, key) => call(`a read of ${key}`, () => server.get(table, key)),
      put: (table, key, value, revision) =>
        call(`a write of ${key}`, () => server.put(table, key, value, revision)),
      remove: (table, key, revision) => call(`a removal of ${key}`, () => keys.remove(table, key, revision)),
      list: (table) => call(`a list of ${table}`, () => keys.list(table)),
    };
    this.transport = {
      maxBodyBytes: records.maxRecordBytes,
      ask: (address, body, options) => this.#ask(address, body, options),
      // Groups and single servers are the same here: one of those that serve an address is asked.
      serve: (address, handler) => this.#serve((serving) => server.serve(address, serving), handler),
      publish: (topic, body) => this.#publish(topic, body),
      subscribe: (topic, handler) => {
        const listen = (body: string) => {
          handler(body);
          return "";
        };
        return this.#serve((serving) => server.subscribe(topic, serving), listen);
      },
    };
  }

  get isConnected(): boolean {
    return !this.isCut;
  }

  observeConnection(changed: (isConnected: boolean) => void): { cancel(): void } {
    changed(this.isConnected);
    return { cancel: () => {} };
  }

  drop(): void {
    this.#isDropped = true;
    this.#server.forget(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.drop();
    return Promise.resolve();
  }

  /** Has the server do something: it may not come to that, or nobody may hear of it. */
  #call<T>(what: string, timeoutMs: number, run: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const { clock } = this.#world;
    const timer = clock.timer(timeoutMs, () => reject(new OutcomeUnknown(what)));
    const answer = (settle: () => void) => {
      if (this.isCut || this.#server.befalls(this.#server.faults.lostAnswers)) return;
      const come = () => {
        timer.cancel();
        settle();
      };
      this.#serverClock.timer(this.#server.latencyMs(), () => void clock.timer(0, come));
    };
    const arrive = () =>
      run().then((value) => answer(() => resolve(value)), (error) => answer(() => reject(error)));
    this.#toServer(() => void arrive(), true);
    this.#server.called(this.#world, what);
    return promise;
  }

  /** A request on its way. One that `mayBeLate` may be carried out when nobody expects it any more. */
  #toServer(arrive: () => void, mayBeLate: boolean): void {
    const { faults } = this.#server;
    if (this.isCut || this.#isDropped || this.#server.befalls(faults.lostRequests)) return;
    if (mayBeLate && this.#server.befalls(faults.lateRequests)) {
      const lateMs = LATE_LEASES * this.keys.leaseTtlMs * (this.#server.latencyMs() / faults.latencyMs[1]);
      return void this.#serverClock.timer(lateMs, arrive);
    }
    this.#out.send(this.#server.latencyMs(), arrive);
  }

  async #ask(address: string, body: string, { timeoutMs }: TransportAskOptions): Promise<string> {
    checkTextBytes(`a request to ${address}`, body, this.transport.maxBodyBytes);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const timer = this.#world.clock.timer(
      timeoutMs,
      () => reject(new OutcomeUnknown(`a request to ${address}`)),
    );
    const answer = (settle: () => void) => {
      if (this.isCut || this.#server.befalls(this.#server.faults.lostAnswers)) return;
      this.#in.send(this.#server.latencyMs(), () => {
        timer.cancel();
        settle();
      });
    };
    this.#toServer(() => {
      try {
        const { handle } = this.#server.serverOf(address);
        handle(body, (text) => this.#serverClock.timer(0, () => answer(() => resolve(text))));
      } catch (error) {
        answer(() => reject(error));
      }
    }, false);
    return await promise;
  }

  /** Has this connection's host handle what came for it; its answer goes back by way of the server. */
  #handle(handler: TransportHandler, body: string, answer: (text: string) => void): void {
    if (this.isCut || this.#isDropped) return;
    this.#in.send(this.#server.latencyMs(), () => {
      Promise.try(handler, body).then((text) => this.#toServer(() => answer(text), false), () => {});
    });
  }

  #publish(topic: string, body: string): void {
    checkTextBytes(`a message on ${topic}`, body, this.transport.maxBodyBytes);
    this.#toServer(() => {
      for (const { handle } of this.#server.subscribersOf(topic)) handle(body, () => {});
    }, false);
  }

  #serve(
    add: (serving: SimServing) => void,
    handler: TransportHandler,
  ): Promise<AsyncDisposable> {
    const handle: SimServing["handle"] = (body, answer) => this.#handle(handler, body, answer);
    const serving: SimServing = { connection: this, handle };
    const end = () =>
      this.#call("the end of a subscription", this.keys.leaseTtlMs, () => {
        this.#server.forget(serving);
        return Promise.resolve();
      });
    return this.#call("a subscription", this.keys.leaseTtlMs, () => {
      add(serving);
      return Promise.resolve({ [Symbol.asyncDispose]: end });
    });
  }
}
