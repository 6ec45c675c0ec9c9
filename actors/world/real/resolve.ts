/**
 * The addresses of names.
 *
 * @module
 */
import { lookup } from "node:dns/promises";

/** Whether it is an IP address, and so its own name. */
export function isAddress(hostname: string): boolean {
  return hostname.includes(":") || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}

/** Every address of a name. Throws the platform's error. */
export async function resolveName(hostname: string): Promise<string[]> {
  if (isAddress(hostname)) return [hostname];
  // RFC 6761: localhost is loopback, of both families, whatever the machine's tables say.
  const loopback = hostname === "localhost" ? ["::1", "127.0.0.1"] : [];
  try {
    // The C library's look-up, so that /etc/hosts and its order count.
    const found = await lookup(hostname, { all: true, order: "verbatim" });
    return [...new Set([...found.map((entry) => entry.address), ...loopback])];
  } catch (error) {
    if (loopback.length > 0) return loopback;
    throw error;
  }
}
