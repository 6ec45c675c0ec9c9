/**
 * The nodes of a network, as far as sharing goes.
 *
 * @module
 */
import type { SocketAddress } from "../world/world.ts";
import { formatAddress } from "../world/world.ts";

/** A node. */
export interface SharingNode {
  /** Its ID. */
  readonly id: number;
  /** Where it serves HTTP. */
  readonly http: SocketAddress;
}

/** From the port of a node's elections to that on which it listens for peers. */
export const SWARM_PORT_OFFSET = 1000;
/** And to that on which it serves HTTP. */
export const HTTP_PORT_OFFSET = 2000;

/** The address of something that a node serves. */
export function nodeUrl(node: SharingNode, path: string): string {
  return `http://${formatAddress(node.http)}${path}`;
}

/** Where every node takes announces, each in a tier of its own, one of them first (BEP 12). */
export function announceTiers(nodes: readonly SharingNode[], first: number): string[][] {
  const ordered = [...nodes].sort((a, b) => Number(b.id === first) - Number(a.id === first) || a.id - b.id);
  return ordered.map((node) => [nodeUrl(node, "/announce")]);
}
