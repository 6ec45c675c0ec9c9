/**
 * Peers that elect a leader and log the files that all have.
 *
 * @module
 */
export type { ElectionTimesOptions } from "../../protocols/election_times.ts";
export { parseNodes, type PeerNode } from "./nodes.ts";
export { peer, type PeerOptions } from "./peer.ts";
