/**
 * Addresses of sockets.
 *
 * @module
 */

/** Where a socket is: an IP address (or, to dial, a name) and a port from 0 to 65535. */
export interface SocketAddress {
  /** An IP address or, to dial, a name. */
  readonly hostname: string;
  /** 0 to 65535. */
  readonly port: number;
}

/**
 * Writes an address the way people read it: `127.0.0.1:40412`, `[::1]:40752`.
 *
 * @example
 * ```ts
 * import { formatAddress } from "@troupe/actors/net";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatAddress({ hostname: "::1", port: 40752 }), "[::1]:40752");
 * ```
 */
export function formatAddress(address: SocketAddress): string {
  return `${formatHost(address.hostname)}:${address.port}`;
}

/**
 * Writes a host the way it stands in an address: an IPv6 address in brackets, all else as it is.
 *
 * @example
 * ```ts
 * import { formatHost } from "@troupe/actors/net";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatHost("::"), "[::]");
 * ```
 */
export function formatHost(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}
