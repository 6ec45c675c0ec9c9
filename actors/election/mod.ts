/**
 * Peers that elect a leader and log the files that all have.
 *
 * The rules are in `protocols/election.ts`, how peers meet in `protocols/peer_link.ts`. Peers believe each
 * other who they are, as old nodes do: who can reach their ports can take part, and a network of them belongs
 * where only those can who should.
 *
 * @module
 */
export type { ElectionTimesOptions } from "../../protocols/election_times.ts";
export type { ElectionFeedCommand } from "./feed.ts";
export { parseNodes, type PeerNode } from "./nodes.ts";
export { peer, type PeerOptions } from "./peer.ts";
