/**
 * What nodes that know the election say to each other, one JSON object a line.
 *
 * Times in them are the sender's own monotonic milliseconds, which only the sender ever reads again.
 *
 * @module
 */

/**
 * The largest term that can be read. Which of them are believed is another question: see `election_terms.ts`.
 */
export const MAX_TERM: number = Number.MAX_SAFE_INTEGER;

/** "I am here, in this term, and this is whom I follow." Sent to every linked peer once a heartbeat. */
export interface Beat {
  /** What it is called on the wire. */
  readonly type: "beat";
  /** The sender's. */
  readonly term: number;
  /** Who leads, as far as the sender knows; its own ID when it leads itself; 0 for nobody. */
  readonly leader: number;
  /** Whether the sender counts votes for itself in `term`. */
  readonly standing: boolean;
  /** Whether the sender has stopped waiting for all nodes to come: the network has begun. */
  readonly started: boolean;
  /** Whether {@linkcode Beat.leader} is of the old kind, which nobody voted for: there is an old node. */
  readonly plain: boolean;
  /** The old nodes that the sender has met itself. */
  readonly old: readonly number[];
  /** The sender's own time, for its {@linkcode Ack}. */
  readonly sentMs: number;
}

/** A follower's answer to its leader's beat. */
export interface Ack {
  /** What it is called on the wire. */
  readonly type: "ack";
  /** The leader's. */
  readonly term: number;
  /** The beat's own `sentMs`. */
  readonly sentMs: number;
}

/** "Would you vote for me in this term?" Binds nobody. */
export interface Poll {
  /** What it is called on the wire. */
  readonly type: "poll";
  /** The term asked about, one of the sender's own. */
  readonly term: number;
  /**
   * The leader that the sender would take over from, with that leader's own consent; 0 when it knows of none.
   */
  readonly replaces: number;
}

/** The answer to a {@linkcode Poll}: yes. A no is silence. */
export interface PollGranted {
  /** What it is called on the wire. */
  readonly type: "poll-granted";
  /** The term asked about. */
  readonly term: number;
}

/** "Vote for me in this term." */
export interface VoteRequest {
  /** What it is called on the wire. */
  readonly type: "vote-request";
  /** The term asked about, one of the sender's own. */
  readonly term: number;
  /** As in {@linkcode Poll}. */
  readonly replaces: number;
}

/** The answer to a {@linkcode VoteRequest}. */
export interface Vote {
  /** What it is called on the wire. */
  readonly type: "vote";
  /** The voter's, which a yes is for. */
  readonly term: number;
  /** Yes or no. */
  readonly granted: boolean;
}

/** "I am stopping." */
export interface Bye {
  /** What it is called on the wire. */
  readonly type: "bye";
}

/** Everything that the election says. */
export type ElectionMessage = Beat | Ack | Poll | PollGranted | VoteRequest | Vote | Bye;

/** "My directory holds so many files now": the leader asks for their names when `version` is new. */
export interface FilesChanged {
  /** What it is called on the wire. */
  readonly type: "files";
  /** Differs from one state of the directory to the next. */
  readonly version: number;
  /** How many names the list has, so that a list cut short is not taken for a whole one. */
  readonly count: number;
  /** SHA-256 of the list as it is sent, in hexadecimal: nobody else's list is taken for it. */
  readonly sha256: string;
}

/** "Somebody dialled me in your name, and was given this nonce. Was it you?" */
export interface Claim {
  /** What it is called on the wire. */
  readonly type: "claim";
  /** The nonce of the `HELLO` that was given. */
  readonly nonce: string;
}

/** The answer to a {@linkcode Claim}. */
export interface Claimed {
  /** What it is called on the wire. */
  readonly type: "claimed";
  /** As in the question. */
  readonly nonce: string;
  /** Whether the sender was given that nonce. */
  readonly yours: boolean;
}

/**
 * "I know that it is you who dialled": the first thing that is said on an accepted connection but for claims.
 */
export interface Welcome {
  /** What it is called on the wire. */
  readonly type: "welcome";
}

/** "I do not take you for the node that you say you are." The connection is closed after it. */
export interface Rejected {
  /** What it is called on the wire. */
  readonly type: "rejected";
  /** In words, for people. */
  readonly why: string;
}

/** What is said about the link itself. */
export type LinkMessage = Claim | Claimed | Welcome | Rejected;

/** Everything that is said on a link of two new nodes. */
export type PeerMessage = ElectionMessage | FilesChanged | LinkMessage;

/**
 * The line, without its end, that says `message`.
 *
 * @example
 * ```ts
 * import { decodePeerMessage, encodePeerMessage } from "@troupe/actors/protocols/election-messages";
 * import { assertEquals } from "@std/assert";
 *
 * const line = encodePeerMessage({ type: "poll-granted", term: 3 });
 * assertEquals(decodePeerMessage(line), { type: "poll-granted", term: 3 });
 * ```
 */
export function encodePeerMessage(message: PeerMessage): string {
  return JSON.stringify(message);
}

/**
 * Reads one line of a peer. Null when it is none of the messages: the peer is not to be trusted with more.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decodePeerMessage } from "@troupe/actors/protocols/election-messages";
 *
 * assertEquals(decodePeerMessage('{"type":"poll","term":3,"replaces":1}'), {
 *   type: "poll",
 *   term: 3,
 *   replaces: 1,
 * });
 * assertEquals(decodePeerMessage('{"type":"poll","term":-3}'), null);
 * ```
 */
export function decodePeerMessage(line: string): PeerMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const type = field(value, "type");
  switch (type) {
    case "bye":
    case "welcome":
      return { type };
    case "rejected": {
      const why = field(value, "why");
      return typeof why === "string" && why.length <= MAX_WHY_LENGTH ? { type, why } : null;
    }
    case "claim":
    case "claimed": {
      const nonce = field(value, "nonce");
      const yours = field(value, "yours");
      if (!isNonce(nonce)) return null;
      if (type === "claim") return { type, nonce };
      return typeof yours === "boolean" ? { type, nonce, yours } : null;
    }
    case "files": {
      const version = field(value, "version");
      const count = field(value, "count");
      const sha256 = field(value, "sha256");
      if (!isWhole(version, Number.MAX_SAFE_INTEGER) || !isWhole(count, 2 ** 31)) return null;
      return typeof sha256 === "string" && SHA_256.test(sha256) ? { type, version, count, sha256 } : null;
    }
  }
  return decodeElectionMessage(type, value);
}

const MAX_WHY_LENGTH = 300;
const SHA_256 = /^[0-9a-f]{64}$/;
const NONCE = /^[0-9a-f]{32}$/;

/**
 * True for a nonce as `HELLO` has it: 16 bytes in hexadecimal.
 *
 * @example
 * ```ts
 * import { isNonce } from "@troupe/actors/protocols/election-messages";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["0123456789abcdef0123456789abcdef", "0123", 1].map(isNonce), [true, false, false]);
 * ```
 */
export function isNonce(value: unknown): value is string {
  return typeof value === "string" && NONCE.test(value);
}

/** A field of what JSON has given. No name of a field is one that all objects have. */
function field(value: object, name: string): unknown {
  return Reflect.get(value, name);
}

function decodeElectionMessage(type: unknown, message: object): ElectionMessage | null {
  const term = field(message, "term");
  if (!isWhole(term, MAX_TERM)) return null;
  switch (type) {
    case "poll":
    case "vote-request": {
      const replaces = field(message, "replaces") ?? 0;
      return isWhole(replaces, MAX_NODE_ID) ? { type, term, replaces } : null;
    }
    case "poll-granted":
      return { type, term };
    case "vote": {
      const granted = field(message, "granted");
      return typeof granted === "boolean" ? { type, term, granted } : null;
    }
    case "ack": {
      const sentMs = field(message, "sentMs");
      return isTime(sentMs) ? { type, term, sentMs } : null;
    }
    case "beat": {
      const leader = field(message, "leader");
      const standing = field(message, "standing") ?? false;
      const started = field(message, "started");
      const plain = field(message, "plain");
      const old = field(message, "old");
      const sentMs = field(message, "sentMs");
      if (!isWhole(leader, MAX_NODE_ID) || typeof standing !== "boolean" || typeof started !== "boolean") {
        return null;
      }
      if (typeof plain !== "boolean" || !isTime(sentMs)) return null;
      if (!Array.isArray(old) || old.length > MAX_NODES || !old.every(isNodeId)) return null;
      return { type, term, leader, standing, started, plain, old, sentMs };
    }
    default:
      return null;
  }
}

/** The largest ID that a node may have. */
export const MAX_NODE_ID = 2 ** 31 - 1;

/** The most nodes that a network may have. */
export const MAX_NODES = 100;

/**
 * True for what may be a node's ID: a whole number from 1 on.
 *
 * @example
 * ```ts
 * import { isNodeId } from "@troupe/actors/protocols/election-messages";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([1, 0, 1.5, "1"].map(isNodeId), [true, false, false, false]);
 * ```
 */
export function isNodeId(value: unknown): value is number {
  return isWhole(value, MAX_NODE_ID) && value >= 1;
}

/**
 * True for a whole number from 0 to `max`.
 *
 * @example
 * ```ts
 * import { isWhole } from "@troupe/actors/protocols/election-messages";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([0, 10, 11, 0.5, "1"].map((value) => isWhole(value, 10)), [true, true, false, false, false]);
 * ```
 */
export function isWhole(value: unknown, max: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max;
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
