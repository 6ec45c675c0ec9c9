/**
 * The world an actor system lives in: time, chance, network, disk and log, as interfaces.
 *
 * Everything under `actors/` reaches the outside through these and through nothing else, so that
 * the same code runs on a real machine (`denoWorld`) and in a simulator (`simWorld`) that owns all of it.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { Disk } from "./disk.ts";
import type { Hash } from "./hash.ts";
import type { Log } from "./log.ts";
import type { EventLoop } from "./loop.ts";
import type { Net } from "./net.ts";
import type { HostProcess } from "./process.ts";
import type { Random } from "./random.ts";
import type { Threads } from "./threads.ts";

export { errorText, isNotFound, WorldError, type WorldErrorKind } from "./error.ts";
export { formatAddress, formatHost, type SocketAddress } from "./address.ts";
export type { Cancellable, Clock } from "./clock.ts";
export type { Random } from "./random.ts";
export type { EventLoop } from "./loop.ts";
export type {
  ConnectTcpOptions,
  Datagram,
  ListenTcpOptions,
  Net,
  Places,
  TcpConnection,
  TcpListener,
  TlsClientOptions,
  TlsServerOptions,
  UdpSocket,
} from "./net.ts";
export type { Hash, HashAlgorithm, Hasher } from "./hash.ts";
export type {
  DirectoryEntry,
  Disk,
  DiskFile,
  DiskLock,
  FileInfo,
  OpenOptions,
  PathOptions,
  ReadFileOptions,
  Replacement,
} from "./disk.ts";
export { basename, dirname, sibling } from "./path.ts";
export type { EndSignal, HostProcess, ProcessMemory } from "./process.ts";
export type { StartThreadOptions, Thread, ThreadPort, ThreadRight, Threads } from "./threads.ts";
export type { Log, LogFields, LogLevel, LogRecord } from "./log.ts";

/** Everything outside the actors. */
export interface World {
  /** Time. */
  readonly clock: Clock;
  /** Chance. */
  readonly random: Random;
  /** Digests. */
  readonly hash: Hash;
  /** The event loop that actors run on. */
  readonly loop: EventLoop;
  /** The network. */
  readonly net: Net;
  /** The disk. */
  readonly disk: Disk;
  /** Where log lines go. */
  readonly log: Log;
  /** The process. Optional: absent where there is none of its own, as in a simulator. */
  readonly process?: HostProcess;
  /** Threads beside this one. Optional: absent where the platform lacks them. */
  readonly threads?: Threads;
  /** Told of each actor system that is made in it, with its root. Optional: for tools that look into them. */
  readonly systemMade?: (system: object) => void;
}
