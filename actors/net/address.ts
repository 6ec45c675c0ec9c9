/**
 * Socket addresses as text.
 *
 * @module
 */
import type { SocketAddress } from "../world/world.ts";

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

/**
 * Reads `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`.
 *
 * Throws `SyntaxError` on what is not a host and a port from 0 to 65535.
 *
 * @example
 * ```ts
 * import { parseAddress } from "@troupe/actors/net";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseAddress("[::1]:8080"), { hostname: "::1", port: 8080 });
 * ```
 */
export function parseAddress(text: string): SocketAddress {
  const parts = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(text);
  const hostname = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  if (hostname === undefined || !(port <= 65535)) {
    throw new SyntaxError(
      `Cannot read ${
        JSON.stringify(text)
      } as an address: want HOST:PORT or [IPv6]:PORT, the port from 0 to 65535`,
    );
  }
  return { hostname, port };
}
