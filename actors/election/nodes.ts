/**
 * The nodes of a network of peers, as an operator writes them.
 *
 * @module
 */
import { isNodeId, MAX_NODES } from "../../protocols/election_messages.ts";
import { parseAddress } from "../net/address.ts";
import type { SocketAddress } from "../world/world.ts";

/** One node: its ID and where it listens. */
export interface PeerNode {
  /** Unique, from 1 on. The lowest that can be reached leads. */
  readonly id: number;
  /** Where the others find it. */
  readonly address: SocketAddress;
}

/**
 * Reads `1=127.0.0.1:8080,2=[::1]:8081`. The nodes come back in the order of their IDs.
 *
 * Throws `SyntaxError` on anything else, on an ID or an address that two nodes have, and on more than 100
 * nodes.
 *
 * @example
 * ```ts
 * import { parseNodes } from "@troupe/actors/election";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseNodes("1=127.0.0.1:8080"), [{ id: 1, address: { hostname: "127.0.0.1", port: 8080 } }]);
 * ```
 */
export function parseNodes(text: string): PeerNode[] {
  const nodes = text.split(",").map((part) => parseNode(part.trim()));
  for (const [index, node] of nodes.entries()) {
    const others = nodes.slice(0, index);
    if (others.some((other) => other.id === node.id)) {
      throw new SyntaxError(`two nodes have the ID ${node.id}`);
    }
    const { hostname, port } = node.address;
    if (others.some(({ address }) => address.hostname === hostname && address.port === port)) {
      throw new SyntaxError(`two nodes have the address of node ${node.id}`);
    }
  }
  if (nodes.length > MAX_NODES) throw new SyntaxError(`there are more than ${MAX_NODES} nodes`);
  return nodes.sort((a, b) => a.id - b.id);
}

function parseNode(part: string): PeerNode {
  const equals = part.indexOf("=");
  const digits = part.slice(0, Math.max(equals, 0));
  const id = /^\d{1,10}$/.test(digits) ? Number(digits) : NaN;
  if (!isNodeId(id)) {
    throw new SyntaxError(`"${part}" is not of the form 1=127.0.0.1:8080, with an ID from 1 on`);
  }
  const address = parseAddress(part.slice(equals + 1));
  if (address.port === 0) throw new SyntaxError(`"${part}" has port 0, where nobody would find it`);
  return { id, address };
}
