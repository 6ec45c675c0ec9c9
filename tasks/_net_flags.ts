/**
 * The flags that servers, and those that clients have in common, and what is made of their values.
 *
 * @module
 */
import type { Disk, TlsClientOptions, TlsServerOptions } from "../actors/world/world.ts";
import { forEachLimit, LIMIT_RULES, type TcpLimits } from "../actors/net/limits.ts";
import { type Flag, guarding, integer, path, port, text, toggle, UsageError } from "./_flags.ts";

/** Flags of everything that listens. */
export type ListenFlags = {
  readonly host: Flag<string>;
  readonly port: Flag<number>;
  readonly drainMs: Flag<number>;
};

/** `--host`, `--port`, `--drain-ms`. */
export function listenFlags(defaults: { readonly port: number; readonly host?: string }): ListenFlags {
  return {
    host: text({ help: "Address to listen on", value: "HOST", default: defaults.host ?? "0.0.0.0" }),
    port: port({ help: "Port to listen on; 0 takes any free one", default: defaults.port }),
    drainMs: integer({ help: "Milliseconds that a stop may take", default: 5000, value: "MS" }),
  };
}

/** Flags of every TCP server beside {@linkcode listenFlags}: its limits, its messages, its certificate. */
export type TcpServerFlags =
  & { readonly [K in Exclude<keyof TcpLimits, "loginTimeoutMs">]: Flag<number> }
  & {
    readonly maxFrameBytes: Flag<number>;
    readonly idleFlushMs: Flag<number>;
    readonly tlsCert: Flag<string | undefined>;
    readonly tlsKey: Flag<string | undefined>;
  };

/** Where a TCP server's defaults differ from those of all. */
export interface TcpServerDefaults extends Partial<TcpLimits> {
  /** @default 65536 */
  readonly maxFrameBytes?: number;
}

/** What a limit is counted in, as its name says. */
function unitOf(name: string): { value?: string } {
  if (name.endsWith("Ms")) return { value: "MS" };
  return name.endsWith("Bytes") ? { value: "BYTES" } : {};
}

/** `--max-clients`, `--idle-timeout-ms`, …: a flag for each limit. */
function limitFlags(defaults: Partial<TcpLimits>): Record<keyof TcpLimits, Flag<number>> {
  return forEachLimit((name) => {
    const { standard, least, help } = LIMIT_RULES[name];
    return integer({ help, min: least, default: defaults[name] ?? standard, ...unitOf(name) });
  });
}

/** The limits and the certificate of a TCP server. */
export function tcpServerFlags(defaults: TcpServerDefaults = {}): TcpServerFlags {
  const { loginTimeoutMs: _onlyWithLogin, ...limits } = limitFlags(defaults);
  return {
    ...limits,
    maxFrameBytes: integer({
      help: "Longest message a client may send",
      min: 1,
      default: defaults.maxFrameBytes ?? 65536,
      value: "BYTES",
    }),
    idleFlushMs: integer({
      help:
        "Milliseconds after which an unfinished line of a client that never ended one is a message; 0 is never",
      default: 50,
      value: "MS",
    }),
    tlsCert: guarding(
      path({ help: "Certificate chain (PEM): with --tls-key the server speaks TLS", value: "FILE" }),
    ),
    tlsKey: guarding(path({ help: "Private key (PEM)", value: "FILE" })),
  };
}

/** Flags of the TCP servers that ask who a client is. */
export type LoginFlags = { readonly loginTimeoutMs: Flag<number> };

/** `--login-timeout-ms`. */
export function loginFlags(): LoginFlags {
  const { loginTimeoutMs } = limitFlags({});
  return { loginTimeoutMs };
}

/** Flags of every TCP client. */
export type TcpClientFlags<H extends string | undefined> = {
  readonly host: Flag<H>;
  readonly port: Flag<number>;
  readonly tls: Flag<boolean>;
  readonly ca: Flag<string | undefined>;
};

/**
 * `--host`, `--port`, `--tls`, `--ca`; without a default host, none given is `undefined` (the client asks).
 */
export function tcpClientFlags(
  defaults: { readonly port: number; readonly host: string },
): TcpClientFlags<string>;
export function tcpClientFlags(defaults: { readonly port: number }): TcpClientFlags<string | undefined>;
export function tcpClientFlags(
  defaults: { readonly port: number; readonly host?: string },
): TcpClientFlags<string | undefined> {
  const host = { help: "Server's name or address", value: "HOST" };
  return {
    host: text(defaults.host === undefined ? host : { ...host, default: defaults.host }),
    port: port({ help: "Server's port", default: defaults.port }),
    tls: toggle({ help: "Speak TLS" }),
    ca: path({
      help: "Certificate authority (PEM) to trust beside the usual ones; implies --tls",
      value: "FILE",
    }),
  };
}

/**
 * The `limits` of a `tcpServer`, out of the options of {@linkcode tcpServerFlags} and {@linkcode
 * loginFlags}.
 */
export function tcpLimits(options: Partial<TcpLimits>): Partial<TcpLimits> {
  const limits: { -readonly [K in keyof TcpLimits]?: number } = {};
  forEachLimit((name) => {
    const value = options[name];
    if (value !== undefined) limits[name] = value;
  });
  return limits;
}

/** The options of `lineFrames`, out of the options of {@linkcode tcpServerFlags}. */
export function frameLimits(
  options: { readonly maxFrameBytes: number; readonly idleFlushMs: number },
): { maxFrameBytes: number; idleFlushMs: number } {
  return { maxFrameBytes: options.maxFrameBytes, idleFlushMs: options.idleFlushMs };
}

const decoder = new TextDecoder();

/**
 * Reads the certificate and key of a server: an object to spread into its options, empty without
 * `--tls-cert`.
 */
export async function serverTls(
  options: { readonly tlsCert: string | undefined; readonly tlsKey: string | undefined },
  disk: Disk,
): Promise<{ tls?: TlsServerOptions }> {
  const { tlsCert, tlsKey } = options;
  if (tlsCert === undefined && tlsKey === undefined) return {};
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new UsageError("--tls-cert and --tls-key go together");
  }
  const [cert, key] = await Promise.all([disk.readFile(tlsCert), disk.readFile(tlsKey)]);
  return { tls: { cert: decoder.decode(cert), key: decoder.decode(key) } };
}

/** Reads whom a client trusts: an object to spread into its options, empty without `--tls` or `--ca`. */
export async function clientTls(
  options: { readonly tls: boolean; readonly ca: string | undefined },
  disk: Disk,
): Promise<{ tls?: TlsClientOptions }> {
  if (options.ca !== undefined) {
    return { tls: { caCerts: [decoder.decode(await disk.readFile(options.ca))] } };
  }
  return options.tls ? { tls: {} } : {};
}
