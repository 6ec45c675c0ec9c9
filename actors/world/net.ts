/**
 * The network, as a world has it: TCP, UDP and names.
 *
 * @module
 */
import type { SocketAddress } from "./address.ts";

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
  /**
   * Share the port with other listeners that say the same, among which the system spreads connections.
   * @default false
   */
  readonly reusePort?: boolean;
}

/** Places for clients that several listeners give away together. */
export interface Places {
  /** Takes one, unless `max` are taken. Says whether it did. */
  take(max: number): boolean;
  /** Takes so many over any limit, or gives so many back where it is below 0. */
  add(change: number): void;
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
  /**
   * Starts to listen; port 0 takes any free one. Throws `address-in-use`, `address-not-available`,
   * `permission-denied`.
   */
  listenTcp(options: ListenTcpOptions): TcpListener;
  /** Connects. Rejects with `connection-refused`, `timed-out`, `unreachable`, `name-not-found`, … */
  connectTcp(options: ConnectTcpOptions): Promise<TcpConnection>;
  /** Binds a UDP socket; port 0 takes any free one. */
  bindUdp(options: SocketAddress): UdpSocket;
  /**
   * Every address that a host name has, in the order in which they should be tried. An address is its own
   * name.
   */
  resolve(hostname: string): Promise<string[]>;
  /** Sends one HTTP request. */
  fetch(request: Request): Promise<Response>;
}

/** A listening TCP socket. */
export interface TcpListener {
  /** Where it really is: the port that was taken for 0. Before it is `ready`: what was asked for. */
  readonly address: SocketAddress;
  /** Resolves once it listens, rejects when it cannot. Absent: it listens already. */
  readonly ready?: Promise<void>;
  /** Places for clients that it shares with others. Absent: it shares none. */
  readonly places?: Places | undefined;
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
   * Of a connection that a TLS listener accepted: waits for the handshake, before which nothing is read or
   * written. Rejects with `invalid-data`, `connection-reset`, or `closed` when closed meanwhile. Absent:
   * there is none to wait for.
   */
  handshake?(): Promise<void>;
  /**
   * Reads what is there, at least one byte, into `buffer`, and says how many; `null` at the end of the
   * stream. Rejects with `connection-reset`, or `closed` when closed meanwhile. One read at a time.
   */
  read(buffer: Uint8Array): Promise<number | null>;
  /**
   * Writes, perhaps less than given; says how many. Rejects with `broken-pipe`, `connection-reset`, `closed`.
   * One write at a time.
   */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends the sending half; the peer reads to the end of the stream. */
  closeWrite(): Promise<void>;
  /** Closes at once and frees the descriptor, whatever is pending. Twice is fine. */
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
  /** Where it really is: the port that was taken for 0. Before it is `ready`: what was asked for. */
  readonly address: SocketAddress;
  /** Resolves once it is bound, rejects when it cannot be. Absent: it is bound already. */
  readonly ready?: Promise<void>;
  /** The next datagram, whole, in bytes of its own. Rejects with `closed` once closed. */
  receive(): Promise<Datagram>;
  /** Sends one datagram. Rejects with `too-large`, `unreachable`, `closed`. */
  send(bytes: Uint8Array, to: SocketAddress): Promise<void>;
  /** Closes it. Twice is fine. */
  close(): void;
}
