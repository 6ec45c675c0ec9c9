/**
 * Socket addresses as the platform has them.
 *
 * @module
 */
import type { SocketAddress } from "../world.ts";

/** How an IPv4 address looks on a socket of both families (RFC 4291, section 2.5.5.2). */
export const MAPPED_IPV4 = "::ffff:";

/** An IPv4 peer of a dual-stack socket is shown with its IPv4 address. */
export function unmapped({ hostname, port }: SocketAddress): SocketAddress {
  const isMapped = hostname.startsWith(MAPPED_IPV4) && hostname.includes(".");
  return { hostname: isMapped ? hostname.slice(MAPPED_IPV4.length) : hostname, port };
}
