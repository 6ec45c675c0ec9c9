/**
 * From the flags of a server to the options of its behaviour.
 *
 * @module
 */
import type { World } from "../actors/world/world.ts";
import type { DatagramServerOptions, LineServerOptions } from "../actors/net/mod.ts";
import {
  type Flag,
  frameLimits,
  integer,
  type ListenFlags,
  type LoginFlags,
  type OptionsOf,
  serverTls,
  tcpLimits,
  type TcpServerFlags,
} from "./_cli.ts";

/** What a `lineServer` takes, out of the flags that all servers on TCP have. */
export async function lineServerOptions(
  options: OptionsOf<ListenFlags & TcpServerFlags> & Partial<OptionsOf<LoginFlags>>,
  world: World,
): Promise<LineServerOptions> {
  return {
    address: { hostname: options.host, port: options.port },
    limits: tcpLimits(options),
    drainMs: options.drainMs,
    ...frameLimits(options),
    ...await serverTls(options, world.disk),
  };
}

/** Flags of the servers that answer datagrams. */
export type DatagramFlags = {
  readonly maxPerSecond: Flag<number>;
  readonly maxPeers: Flag<number>;
};

/** `--max-per-second`, `--max-peers`. */
export function datagramFlags(): DatagramFlags {
  return {
    maxPerSecond: integer({
      help: "Datagrams a second of one address that are answered; 0 is no limit",
      default: 1000,
    }),
    maxPeers: integer({ help: "Peers remembered at once", min: 1, default: 10_000 }),
  };
}

/** What a `datagramServer` takes, out of its flags. */
export function datagramServerOptions(
  options: OptionsOf<ListenFlags & DatagramFlags>,
): DatagramServerOptions {
  const { host, port, maxPerSecond, maxPeers } = options;
  return { address: { hostname: host, port }, maxPerSecond, maxPeers };
}
