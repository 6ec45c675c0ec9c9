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

/** One limit: its bounds, and how it is spoken of. */
export interface LimitRule {
  /** The default. */
  readonly standard: number;
  /** The smallest valid value. */
  readonly least: number;
  /** The help text of its flag. */
  readonly help: string;
  /** How a smaller value is refused; `#` stands for that. */
  readonly refusal: string;
}

/** Each limit: the flags of servers are made from this table too. */
export const LIMIT_RULES: { readonly [K in keyof TcpLimits]: LimitRule } = {
  maxClients: { standard: 1000, least: 1, help: "Most clients at once", refusal: "serve # clients" },
  idleTimeoutMs: {
    standard: 0,
    least: 0,
    help: "Milliseconds of silence after which a client is disconnected; 0 is never",
    refusal: "set an idle timeout of # ms",
  },
  slowClientMs: {
    standard: 10_000,
    least: 1,
    help: "Milliseconds after which a client that does not read is disconnected",
    refusal: "give a slow client # ms",
  },
  maxOutboundBytes: {
    standard: 1 << 20,
    least: 1,
    help: "Bytes that may wait for a client before it is disconnected",
    refusal: "queue # bytes",
  },
  maxPerAddress: {
    standard: 0,
    least: 0,
    help: "Most clients of one address at once (of one /64 network of IPv6); 0 is no limit of its own",
    refusal: "serve # clients of one address",
  },
  vanishedMs: {
    standard: 600_000,
    least: 0,
    help:
      "Milliseconds of silence after which a client makes room where its place or its name is needed; 0 is never",
    refusal: "take a client for vanished after # ms",
  },
  handshakeTimeoutMs: {
    standard: 10_000,
    least: 0,
    help: "Milliseconds that a TLS handshake may take; 0 is no limit",
    refusal: "give a handshake # ms",
  },
  loginTimeoutMs: {
    standard: 30_000,
    least: 0,
    help: "Milliseconds in which a client must say who it is; 0 is no limit",
    refusal: "give a login # ms",
  },
};

/** Makes one value for each limit. */
export function forEachLimit<T>(make: (name: keyof TcpLimits) => T): Record<keyof TcpLimits, T> {
  return {
    maxClients: make("maxClients"),
    idleTimeoutMs: make("idleTimeoutMs"),
    slowClientMs: make("slowClientMs"),
    maxOutboundBytes: make("maxOutboundBytes"),
    maxPerAddress: make("maxPerAddress"),
    vanishedMs: make("vanishedMs"),
    handshakeTimeoutMs: make("handshakeTimeoutMs"),
    loginTimeoutMs: make("loginTimeoutMs"),
  };
}

/** Completes the limits of a server. Throws `RangeError` on an invalid limit. */
export function tcpLimits(limits: Partial<TcpLimits> = {}): TcpLimits {
  return forEachLimit((name) => {
    const { standard, least, refusal } = LIMIT_RULES[name];
    const value = limits[name] ?? standard;
    if (value >= least) return value;
    throw new RangeError(`Cannot ${refusal.replace("#", String(value))}: it takes ${least} or more`);
  });
}

/**
 * Completes the limits of a connection that is dialled: nobody asks it to make room. Throws `RangeError` on
 * an invalid limit.
 */
export function dialledLimits(limits: Partial<ConnectionLimits> = {}): ConnectionLimits {
  return tcpLimits({ vanishedMs: 0, loginTimeoutMs: 0, ...limits });
}
