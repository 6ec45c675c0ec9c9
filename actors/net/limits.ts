/**
 * What a peer may make a server spend: time, memory, places.
 *
 * @module
 */

/** Limits of one connection. Times are milliseconds. */
export interface ConnectionLimits {
  /**
   * Time in which nothing comes from the peer and nothing waits for it, after which it is closed; 0 is no
   * limit. @default 0
   */
  readonly idleTimeoutMs: number;
  /** Time that a TLS handshake may take, from the accept on; 0 is no limit. @default 10000 */
  readonly handshakeTimeoutMs: number;
  /** Time in which a peer must log in, where the service asks for a login; 0 is no limit. @default 30000 */
  readonly loginTimeoutMs: number;
  /** Silence after which a peer makes room for another where room is short; 0 is never. @default 600000 */
  readonly vanishedMs: number;
  /** Time for which the peer may take none of what waits for it. @default 10000 */
  readonly slowClientMs: number;
  /** Bytes that may wait for the peer. @default 1048576 */
  readonly maxOutboundBytes: number;
}

/** Limits of a TCP server. */
export interface TcpLimits extends ConnectionLimits {
  /** Connections served at once. @default 1000 */
  readonly maxClients: number;
  /**
   * Connections of one address served at once (of IPv6, of one /64 network); 0 is no limit of its own.
   * @default 0
   */
  readonly maxPerAddress: number;
}

/** What each limit is at first, the least that it may be, and what it limits. */
const LIMITS: { readonly [K in keyof TcpLimits]: readonly [standard: number, least: number, what: string] } =
  {
    idleTimeoutMs: [0, 0, "set an idle timeout of # ms"],
    handshakeTimeoutMs: [10_000, 0, "give a handshake # ms"],
    loginTimeoutMs: [30_000, 0, "give a login # ms"],
    vanishedMs: [600_000, 0, "take a client for vanished after # ms"],
    slowClientMs: [10_000, 1, "give a slow client # ms"],
    maxOutboundBytes: [1 << 20, 1, "queue # bytes"],
    maxClients: [1000, 1, "serve # clients"],
    maxPerAddress: [0, 0, "serve # clients of one address"],
  };

/** Completes the limits of a server. Throws `RangeError` on an invalid limit. */
export function tcpLimits(limits: Partial<TcpLimits> = {}): TcpLimits {
  const limit = (name: keyof TcpLimits): number => {
    const [standard, least, what] = LIMITS[name];
    const value = limits[name] ?? standard;
    if (value >= least) return value;
    throw new RangeError(`Cannot ${what.replace("#", String(value))}: it takes ${least} or more`);
  };
  return {
    idleTimeoutMs: limit("idleTimeoutMs"),
    handshakeTimeoutMs: limit("handshakeTimeoutMs"),
    loginTimeoutMs: limit("loginTimeoutMs"),
    vanishedMs: limit("vanishedMs"),
    slowClientMs: limit("slowClientMs"),
    maxOutboundBytes: limit("maxOutboundBytes"),
    maxClients: limit("maxClients"),
    maxPerAddress: limit("maxPerAddress"),
  };
}

/**
 * Completes the limits of a connection that is dialled: nobody asks it to make room. Throws `RangeError` on
 * an invalid limit.
 */
export function dialledLimits(limits: Partial<ConnectionLimits> = {}): ConnectionLimits {
  return tcpLimits({ vanishedMs: 0, loginTimeoutMs: 0, ...limits });
}
