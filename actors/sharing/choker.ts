/**
 * Whom to send to: as BEP 3 has it, those who give most, and one by chance.
 *
 * @module
 */

/** A peer as the choker knows it. */
export interface ChokedPeer {
  /** 1 or more. */
  readonly id: number;
  /** It wants something. */
  readonly isInterested: boolean;
  /** It gave nothing for long although it was asked. */
  readonly isSnubbing: boolean;
  /** Bytes a second that it gives; to a seed, that it takes. */
  readonly rate: number;
  /** When it came: milliseconds on any clock. */
  readonly sinceMs: number;
}

/** Options of {@linkcode chooseUnchoked}. */
export interface ChokerOptions {
  /** How many are sent to at once, with the one by chance. */
  readonly slots: number;
  /** The one that was sent to by chance so far; 0 for none. */
  readonly optimistic: number;
  /** Another one is to be chosen by chance. */
  readonly rotate: boolean;
  /** A number from 0 to below 1. */
  readonly random: () => number;
  /** The present time on the clock of {@linkcode ChokedPeer.sinceMs}. */
  readonly nowMs: number;
}

/** Who is sent to. */
export interface Unchoked {
  /** Their IDs, the one by chance too. */
  readonly ids: ReadonlySet<number>;
  /** The one by chance; 0 for none. */
  readonly optimistic: number;
}

/**
 * Who came within this time is three times as likely to be the one by chance, so that it gets something to
 * give (BEP 3).
 */
const NEW_MS = 60_000;

/** Chooses who is sent to for the next round. Those who want nothing take no place. */
export function chooseUnchoked(peers: readonly ChokedPeer[], options: ChokerOptions): Unchoked {
  const { slots, rotate, random, nowMs } = options;
  const wanting = peers.filter((peer) => peer.isInterested);
  const best = wanting.filter((peer) => !peer.isSnubbing)
    .sort((a, b) => b.rate - a.rate || a.sinceMs - b.sinceMs)
    .slice(0, Math.max(1, slots - 1));
  const ids = new Set(best.map((peer) => peer.id));
  const others = wanting.filter((peer) => !ids.has(peer.id));
  const kept = rotate ? undefined : others.find((peer) => peer.id === options.optimistic);
  const chosen = kept ?? pickByChance(others, random, nowMs);
  if (chosen === undefined || ids.size >= slots) return { ids, optimistic: 0 };
  ids.add(chosen.id);
  return { ids, optimistic: chosen.id };
}

function pickByChance(
  peers: readonly ChokedPeer[],
  random: () => number,
  nowMs: number,
): ChokedPeer | undefined {
  const lots = peers.flatMap((peer) => nowMs - peer.sinceMs < NEW_MS ? [peer, peer, peer] : [peer]);
  return lots[Math.floor(random() * lots.length)];
}
