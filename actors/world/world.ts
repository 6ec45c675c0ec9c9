/**
 * The world an actor system lives in: time, chance, network, disk and log, as interfaces.
 *
 * Everything under `actors/` reaches the outside through these and through nothing else, so that
 * the same code runs on a real machine (`denoWorld`) and in a simulator (`simWorld`) that owns all of it.
 *
 * @module
 */

/** Everything outside the actors. */
export interface World {
  /** Time. */
  readonly clock: Clock;
  /** Chance. */
  readonly random: Random;
  /** The event loop that actors run on. */
  readonly loop: EventLoop;
  /** The network. */
  readonly net: Net;
  /** The disk. */
  readonly disk: Disk;
  /** Where log lines go. */
  readonly log: Log;
}

/** Something that is under way and can be called off. Cancelling twice is fine. */
export interface Cancellable {
  /** Calls it off. */
  cancel(): void;
}

/** Time. */
export interface Clock {
  /** Wall clock, milliseconds since 1970-01-01T00:00:00Z. May jump. */
  now(): number;
  /** Milliseconds since some fixed moment, with a fraction. Never goes back. */
  monotonic(): number;
  /** Runs `task` once, `delayMs` milliseconds from now. */
  timer(delayMs: number, task: () => void): Cancellable;
}

/** Chance. Not for secrets. */
export interface Random {
  /** A number from 0 (included) to 1 (excluded). */
  next(): number;
  /** `length` random bytes. */
  bytes(length: number): Uint8Array<ArrayBuffer>;
}

/** The event loop on which the scheduler drains its queue. */
export interface EventLoop {
  /** Runs `task` when the running code has returned, before sockets and timers are looked at. */
  soon(task: () => void): void;
  /** Runs `task` after sockets and timers had their turn. */
  afterPoll(task: () => void): void;
  /** Runs `task` in the next turn of the loop; cheap, and does not promise that sockets were polled. */
  nextTurn(task: () => void): void;
  /** Given `count` actors that are ready, says which goes next. Without it: first come, first served. */
  choose?(count: number): number;
}

/** What went wrong, for every failure of {@linkcode Net} and {@linkcode Disk}. */
export type WorldErrorKind =
  | "address-in-use"
  | "address-not-available"
  | "already-exists"
  | "broken-pipe"
  | "closed"
  | "connection-refused"
  | "connection-reset"
  | "in-use"
  | "invalid-data"
  | "is-a-directory"
  | "name-not-found"
  | "no-space"
  | "not-a-directory"
  | "not-found"
  | "permission-denied"
  | "timed-out"
  | "too-large"
  | "too-many-open-files"
  | "unreachable"
  | "other";

/** A failure of the network or the disk, the same in every world. `cause` is the platform's own error. */
export class WorldError extends Error {
  /** `WorldError`. */
  override readonly name = "WorldError";
  /** What went wrong. */
  readonly kind: WorldErrorKind;
  /** An error of this kind; `options.cause` is the platform's own. */
  constructor(kind: WorldErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** Where a socket is: an IP address (or, to dial, a name) and a port from 0 to 65535. */
export interface SocketAddress {
  /** An IP address or, to dial, a name. */
  readonly hostname: string;
  /** 0 to 65535. */
  readonly port: number;
}

/** Certificate chain and private key, PEM text. */
export interface TlsServerOptions {
  /** The certificate chain, PEM. */
  readonly cert: string;
  /** The private key, PEM. */
  readonly key: string;
}

/** How to trust a TLS server. */
export interface TlsClientOptions {
  /** Extra certificate authorities, PEM text. */
  readonly caCerts?: readonly string[];
  /** The name the certificate must be for. @default the host name dialled */
  readonly serverName?: string;
}

/** Options of {@linkcode Net.listenTcp}. */
export interface ListenTcpOptions extends SocketAddress {
  /** Speak TLS with these. @default plain TCP */
  readonly tls?: TlsServerOptions;
}

/** Options of {@linkcode Net.connectTcp}. */
export interface ConnectTcpOptions extends SocketAddress {
  /** Speak TLS. @default plain TCP */
  readonly tls?: TlsClientOptions;
  /** Gives the attempt up. */
  readonly signal?: AbortSignal;
}

/** The network. Every failure is a {@linkcode WorldError}. */
export interface Net {
  /** Starts to listen; port 0 takes any free one. Throws `address-in-use`, `address-not-available`, `permission-denied`. */
  listenTcp(options: ListenTcpOptions): TcpListener;
  /** Connects. Rejects with `connection-refused`, `timed-out`, `unreachable`, `name-not-found`, … */
  connectTcp(options: ConnectTcpOptions): Promise<TcpConnection>;
  /** Binds a UDP socket; port 0 takes any free one. */
  bindUdp(options: SocketAddress): UdpSocket;
  /** Every address that a host name has, in the order in which they should be tried. An address is its own name. */
  resolve(hostname: string): Promise<string[]>;
  /** Serves HTTP until closed. Throws like {@linkcode Net.listenTcp}. */
  serveHttp(options: SocketAddress, handler: HttpHandler): HttpServer;
  /** Sends one HTTP request. */
  fetch(request: Request): Promise<Response>;
}

/** A listening TCP socket. */
export interface TcpListener {
  /** Where it really is: the port that was taken for 0. */
  readonly address: SocketAddress;
  /** The next connection. Rejects with `closed` once the listener is closed. */
  accept(): Promise<TcpConnection>;
  /** Closes it. Twice is fine. */
  close(): void;
}

/** One TCP connection. IPv4 peers of a dual-stack listener are shown with their IPv4 address. */
export interface TcpConnection {
  /** The near end. */
  readonly localAddress: SocketAddress;
  /** The far end. */
  readonly remoteAddress: SocketAddress;
  /**
   * Reads what is there, at least one byte, into `buffer`, and says how many; `null` at the end of the stream.
   * Rejects with `connection-reset`, or `closed` when closed meanwhile. One read at a time.
   */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes, perhaps less than given; says how many. Rejects with `broken-pipe`, `connection-reset`, `closed`. One write at a time. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends the sending half; the peer reads to the end of the stream. */
  closeWrite(): Promise<void>;
  /** Closes at once. Twice is fine. */
  close(): void;
  /** Turns Nagle's algorithm off or on. */
  setNoDelay(noDelay: boolean): void;
}

/** A datagram and where it came from. */
export interface Datagram {
  /** What was sent. */
  readonly bytes: Uint8Array;
  /** Who sent it. */
  readonly from: SocketAddress;
}

/** A bound UDP socket. */
export interface UdpSocket {
  /** Where it really is: the port that was taken for 0. */
  readonly address: SocketAddress;
  /** The next datagram, whole, in bytes of its own. Rejects with `closed` once closed. */
  receive(): Promise<Datagram>;
  /** Sends one datagram. Rejects with `too-large`, `unreachable`, `closed`. */
  send(bytes: Uint8Array, to: SocketAddress): Promise<void>;
  /** Closes it. Twice is fine. */
  close(): void;
}

/** Answers one request; `remote` is where it came from. A handler that fails is answered with status 500. */
export type HttpHandler = (
  request: Request,
  remote: SocketAddress,
) => Response | Promise<Response>;

/** An HTTP server that is serving. */
export interface HttpServer {
  /** Where it really is: the port that was taken for 0. */
  readonly address: SocketAddress;
  /** Stops accepting, lets running requests finish, and resolves. */
  close(): Promise<void>;
}

/** The disk. Paths are the platform's own. Every failure is a {@linkcode WorldError}. */
export interface Disk {
  /** Opens a file. */
  open(path: string, options?: OpenOptions): Promise<DiskFile>;
  /** The whole file. */
  readFile(path: string): Promise<Uint8Array<ArrayBuffer>>;
  /** What is known of a file or folder; links are followed. */
  stat(path: string): Promise<FileInfo>;
  /** As {@linkcode Disk.stat}, with the answer at once: a hundredth of the cost, for a path that was just used. Not in every world. */
  statNow?(path: string): FileInfo;
  /** What is in a folder, in no particular order. */
  list(folder: string): Promise<FolderEntry[]>;
  /** Makes a folder; with `recursive` also those above it, and one that is there is fine. */
  makeFolder(
    path: string,
    options?: { readonly recursive?: boolean },
  ): Promise<void>;
  /** Atomically gives `from` the name `to`, replacing a file of that name. Durable after {@linkcode Disk.syncFolder}. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file or an empty folder. */
  remove(path: string): Promise<void>;
  /** Makes the names in a folder durable. */
  syncFolder(path: string): Promise<void>;
  /** The path with links resolved. */
  realPath(path: string): Promise<string>;
  /** Calls `changed` after something in the folder changed (once or more, no details), `failed` when watching broke. */
  watch(
    folder: string,
    changed: () => void,
    failed: (error: WorldError) => void,
  ): Cancellable;
}

/** How to open a file. */
export interface OpenOptions {
  /** Open it for reading. @default true */
  readonly read?: boolean;
  /** Open it for writing. @default false */
  readonly write?: boolean;
  /** Make it when it is not there. @default false */
  readonly create?: boolean;
  /** Fail with `already-exists` when it is there; with `create`. @default false */
  readonly exclusive?: boolean;
  /** Empty it. @default false */
  readonly truncate?: boolean;
}

/** An open file, addressed by byte offset. */
export interface DiskFile {
  /** Reads at `offset`; says how many bytes, `null` at the end of the file. */
  read(buffer: Uint8Array, offset: number): Promise<number | null>;
  /** Writes all of `bytes` at `offset`. On failure (`no-space`, …) a part may have been written. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /**
   * As {@linkcode DiskFile.write}, but done when it returns, and only while nothing else is under way on this file: a
   * tenth of the cost for what the system takes into its memory. Not in every world.
   */
  writeNow?(bytes: Uint8Array, offset: number): void;
  /** Makes what was written durable (fdatasync). */
  sync(): Promise<void>;
  /** Cuts the file to this length, or fills it up with zeros. */
  truncate(length: number): Promise<void>;
  /** How many bytes it has. */
  size(): Promise<number>;
  /** As {@linkcode DiskFile.size}, but done when it returns, and under the conditions of {@linkcode DiskFile.writeNow}. */
  sizeNow?(): number;
  /**
   * Takes the file for this handle until it is closed, or its process ends however it may; false when another handle has
   * taken it. Only who asks is kept out. Not in every world.
   */
  take?(): Promise<boolean>;
  /** Closes it. Twice is fine. */
  close(): void;
}

/** What is known of a file. */
export interface FileInfo {
  /** A file. */
  readonly isFile: boolean;
  /** A folder. */
  readonly isFolder: boolean;
  /** A symbolic link. */
  readonly isLink: boolean;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970, or null where the platform does not know. */
  readonly modifiedAtMs: number | null;
  /** Another number is another file, though its name and size be the same. Not in every world. */
  readonly id?: number;
}

/** One name in a folder; what it is is told without following links. */
export interface FolderEntry {
  /** The name, without the folder. */
  readonly name: string;
  /** A file. */
  readonly isFile: boolean;
  /** A folder. */
  readonly isFolder: boolean;
  /** A symbolic link. */
  readonly isLink: boolean;
}

/** How much a log line matters. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Values that a log line may carry. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One event for the log. */
export interface LogRecord {
  /** How much it matters. */
  readonly level: LogLevel;
  /** Path of the actor that says it. */
  readonly actor: string;
  /** What happened, for people. */
  readonly message: string;
  /** What happened, for programs. */
  readonly fields?: LogFields;
  /** Text form: print the message bare, without `[INFO] ` before it (lines whose exact text is promised). */
  readonly plain?: boolean;
}

/** Where log lines go. */
export interface Log {
  /** False when lines of this level are thrown away, so that nobody need build them. */
  enabled(level: LogLevel): boolean;
  /** Writes a line, unless its level is thrown away. */
  write(record: LogRecord): void;
}
