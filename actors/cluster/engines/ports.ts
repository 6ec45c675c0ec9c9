/**
 * The engine of hosts that live in threads of one process: one thread keeps the logs and keys, in whatever
 * driver it has, and the hosts' messages go over a port from each to each.
 *
 * @module
 */
import type { ThreadPort, World } from "../../world/world.ts";
import type { Driver, Keys, Records } from "../driver.ts";
import { Conflict, OutcomeUnknown, WriteRefused } from "../errors.ts";
import { PortOutbox } from "./_port_outbox.ts";
import { PortTransport } from "./_port_transport.ts";
import { ALWAYS_CONNECTED } from "./memory.ts";

/** What a host has to know of the driver that is kept elsewhere. */
export interface PortDriverLimits {
  /** {@linkcode Driver.name}. */
  readonly name: string;
  /** `maxRecordBytes` of its records. */
  readonly maxRecordBytes: number;
  /** `leaseTtlMs` of its keys. */
  readonly leaseTtlMs: number;
}

/** What hosts ask for, with their arguments. */
const METHODS = ["read", "append", "tail", "writeSnapshot", "trim", "get", "put", "remove", "list"] as const;
type Method = typeof METHODS[number];

type Request = readonly [id: number, method: Method, args: readonly unknown[]];
type Answer =
  | readonly [id: number, isOk: true, value: unknown]
  | readonly [id: number, isOk: false, kind: string, message: string];

/** Says what hosts have to know of a driver. */
export function limitsOf({ name, records, keys }: Driver): PortDriverLimits {
  return { name, maxRecordBytes: records.maxRecordBytes, leaseTtlMs: keys.leaseTtlMs };
}

/** What is done for one host. */
export interface DriverService {
  /** Gives up the leases that the host has: it is dead, and others may have its entities at once. */
  bury(): Promise<void>;
}

/** Does for the host at the other end of a port what it asks of a driver. */
export function serveDriver(
  { records, keys }: Pick<Driver, "records" | "keys">,
  port: ThreadPort,
  world: Pick<World, "clock" | "loop">,
): DriverService {
  const answers = new PortOutbox<Answer>(port, world);
  /** Its leases, by the key of each. */
  const leases = new Map<string, number>();
  const put: Keys["put"] = async (table, key, value, revision) => {
    const written = await keys.put(table, key, value, revision);
    if (table === "hosts") leases.set(key, written);
    return written;
  };
  const methods: Readonly<Record<Method, (...args: never[]) => Promise<unknown>>> = {
    read: records.read.bind(records),
    append: records.append.bind(records),
    tail: records.tail.bind(records),
    writeSnapshot: records.writeSnapshot.bind(records),
    trim: records.trim.bind(records),
    get: keys.get.bind(keys),
    put,
    remove: keys.remove.bind(keys),
    list: keys.list.bind(keys),
  };
  const carryOut = ([id, method, args]: Request) => {
    Promise.try(() => methods[method](...args as never[])).then(
      (value) => answers.push([id, true, value]),
      (error) => {
        const isError = error instanceof Error;
        answers.push([id, false, isError ? error.name : "Error", isError ? error.message : String(error)]);
      },
    );
  };
  port.receive((requests) => {
    // What comes over this port was sent by `portDriver` below.
    for (const request of requests as readonly Request[]) carryOut(request);
  });
  return {
    async bury() {
      answers.close();
      // One that was given up, or has expired, is another's: that is a conflict, and no matter.
      await Promise.allSettled([...leases].map(([key, revision]) => keys.remove("hosts", key, revision)));
    },
  };
}

/** A driver whose logs and keys another thread keeps, and whose messages go from thread to thread. */
export interface PortDriver extends Driver {
  /** Another host, and the way to it. What it gives back takes the host out again. */
  addHost(port: ThreadPort): () => void;
}

/** Options of {@linkcode portDriver}. */
export interface PortDriverOptions {
  /** The host's clock and event loop. */
  readonly world: Pick<World, "clock" | "loop">;
  /** The way to {@linkcode serveDriver}. */
  readonly port: ThreadPort;
  /** Of the driver there. */
  readonly limits: PortDriverLimits;
}

/**
 * Makes the driver of one host. How long requests take does not matter: both ends share a process, and so a
 * fate.
 */
export function portDriver({ world, port, limits }: PortDriverOptions): PortDriver {
  const transport = new PortTransport(world, limits.maxRecordBytes);
  const requests = new PortOutbox<Request>(port, world);
  const call = caller(requests);
  const records: Records = {
    maxRecordBytes: limits.maxRecordBytes,
    read: (key) => call("read", key),
    append: (key, tail, body) => call("append", key, tail, body),
    tail: (key) => call("tail", key),
    writeSnapshot: (key, revision, snapshot) => call("writeSnapshot", key, revision, snapshot),
    trim: (key, seq) => call("trim", key, seq),
  };
  const keys: Keys = {
    leaseTtlMs: limits.leaseTtlMs,
    get: (table, key) => call("get", table, key),
    put: (table, key, value, revision) => call("put", table, key, value, revision),
    remove: (table, key, revision) => call("remove", table, key, revision),
    list: (table) => call("list", table),
  };
  return {
    name: limits.name,
    transport,
    records,
    keys,
    ...ALWAYS_CONNECTED,
    addHost: (other) => transport.add(other),
    [Symbol.asyncDispose]: () => {
      transport.close();
      requests.close();
      return Promise.resolve();
    },
  };
}

/** Who waits for an answer. */
interface Asked {
  resolve(value: never): void;
  reject(error: unknown): void;
}

/** Asks what is at the other end of a port. What `T` is follows from the method: see {@linkcode METHODS}. */
function caller(
  requests: PortOutbox<Request>,
): <T>(method: Method, ...args: readonly unknown[]) => Promise<T> {
  const waiting = new Map<number, Asked>();
  let lastId = 0;
  const settle = ([id, isOk, ...rest]: Answer) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (isOk) asked?.resolve(rest[0] as never);
    else asked?.reject(errorOf(String(rest[0]), String(rest[1])));
  };
  requests.port.receive((answers) => {
    // What comes over this port was sent by `serveDriver` above.
    for (const answer of answers as readonly Answer[]) settle(answer);
  });
  return <T>(method: Method, ...args: readonly unknown[]) =>
    new Promise<T>((resolve, reject) => {
      waiting.set(++lastId, { resolve, reject });
      requests.push([lastId, method, args]);
    });
}

/** The errors by which a driver says more than that it failed. */
function errorOf(name: string, message: string): Error {
  const error = name === "Conflict"
    ? new Conflict("")
    : name === "RangeError"
    ? new RangeError("")
    : name === "OutcomeUnknown"
    ? new OutcomeUnknown("")
    : name === "WriteRefused"
    ? new WriteRefused("", "")
    : new Error();
  error.message = message;
  return error;
}
