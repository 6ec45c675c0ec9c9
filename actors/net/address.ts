/**
 * Socket addresses as text.
 *
 * @module
 */
import type { SocketAddress } from "../world/address.ts";

export { formatAddress, formatHost } from "../world/address.ts";

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
