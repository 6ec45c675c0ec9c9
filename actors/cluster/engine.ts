/**
 * The seam between a cluster and what carries it: one process, a database, a server.
 *
 * An engine sends messages, keeps journals and says who owns which entity. What it promises is small, so
 * that it can be kept: *any number of hosts may briefly think that they own an entity; at most one can
 * commit.* The fence that makes that true is in the journal, by compare-and-append; the lease of a host is
 * for liveness alone.
 *
 * @module
 */
import type { Cancellable } from "../world/world.ts";

/** One actor of the cluster, by the name of its type and its own. */
export interface EntityId {
  /** Name of the type: 1 to 64 letters, digits, `_`, `-`. */
  readonly type: string;
  /** Name within the type: 1 to 128 bytes of UTF-8, any characters. */
  readonly id: string;
}

/** One life of one host. */
export interface HostRef {
  /** The host's name. */
  readonly id: string;
  /** Another one with each start of the process, and after each lease that was lost. */
  readonly incarnation: string;
}

/** The fencing token of an owner: it grows with each new owner of an entity. */
export type Epoch = number;

/** What a cluster stands on. {@linkcode composeEngine} makes one of a {@linkcode Driver}. */
export interface Engine extends AsyncDisposable {
  /** What it is, for people: `memory`, `sqlite`, `nats`. */
  readonly name: string;
  /** Messages between hosts. */
  readonly transport: Transport;
  /** What entities keep. */
  readonly journal: Journal;
  /** Who owns which entity. */
  readonly placement: Placement;
  /** False while the engine cannot be reached. */
  readonly isConnected: boolean;
  /** Told now and at each change whether the engine can be reached. */
  observeConnection(changed: (isConnected: boolean) => void): Cancellable;
}

/** Options of {@linkcode Transport.ask}. */
export interface TransportAskOptions {
  /** Milliseconds until the outcome counts as unknown. */
  readonly timeoutMs: number;
}

/** Handles one request of a transport; what it resolves to is the answer. */
export type TransportHandler = (body: string) => string | Promise<string>;

/**
 * Messages between hosts: at most once each, in order from one sender to one address, and never a promise of
 * durability.
 */
export interface Transport {
  /** The most bytes of UTF-8 that a body may have. */
  readonly maxBodyBytes: number;
  /**
   * Sends a request, and resolves to its answer.
   *
   * @throws {@linkcode NoHost} when nobody serves the address; {@linkcode OutcomeUnknown} when no answer
   * came in time;
   * `RangeError` when the body is too large.
   */
  ask(address: string, body: string, options: TransportAskOptions): Promise<string>;
  /**
   * Serves an address; those that name the same `group` share the requests, each of which goes to one of
   * them.
   */
  serve(
    address: string,
    handler: TransportHandler,
    options?: { readonly group?: string },
  ): Promise<AsyncDisposable>;
  /** Sends to all that subscribe to a topic now. */
  publish(topic: string, body: string): void;
  /** Has what is published on a topic handled, in the order of each publisher. */
  subscribe(topic: string, handler: (body: string) => void): Promise<AsyncDisposable>;
}

/** What one command did. */
export interface JournalEntry {
  /** What happened, oldest first. */
  readonly events: readonly unknown[];
  /** Name of the operation: another command of the same name is the same one, sent again. */
  readonly operationId?: string;
  /** What was replied to it: what it is replied if it comes again. */
  readonly reply?: unknown;
}

/** What was written at once: all of it is in the journal, or nothing. */
export interface Commit {
  /** Its place in the journal. Grows, not always by one. */
  readonly seq: number;
  /** The owner that wrote it. */
  readonly epoch: Epoch;
  /** What it holds; nothing in one that only fences. */
  readonly entries: readonly JournalEntry[];
}

/** The state of an entity after some commit. */
export interface Snapshot {
  /** That commit. */
  readonly seq: number;
  /** The owner that took it. */
  readonly epoch: Epoch;
  /** The state. */
  readonly state: unknown;
}

/** A journal that was opened for writing. */
export interface OpenJournal {
  /** The newest snapshot. Absent: there is none. */
  readonly snapshot?: Snapshot;
  /** The commits behind the snapshot, oldest first. */
  readonly commits: readonly Commit[];
  /** To write behind them. */
  readonly log: Log;
}

/** What entities keep: a sequence of commits each. */
export interface Journal {
  /** The most bytes that one commit or snapshot may have, encoded. */
  readonly maxRecordBytes: number;
  /**
   * Reads snapshot and commits, then writes an empty commit behind exactly these: who opened with a lower
   * epoch gets {@linkcode Fenced} from then on.
   *
   * @throws {@linkcode Fenced} when an owner of a higher epoch has written; {@linkcode OutcomeUnknown} when
   * the engine does not answer, {@linkcode WriteRefused} when it takes no writes: opening again is safe;
   * {@linkcode JournalDamaged}.
   */
  open(entity: EntityId, epoch: Epoch): Promise<OpenJournal>;
  /** Reads without owning: for tools, backups and tests. */
  read(entity: EntityId): Promise<Omit<OpenJournal, "log">>;
}

/** The end of one entity's journal, in the hands of one owner. */
export interface Log {
  /** The last commit known to be durable. */
  readonly seq: number;
  /**
   * Writes one commit, and resolves to its place when it is durable. One call at a time.
   *
   * @throws {@linkcode Fenced} or {@linkcode OutcomeUnknown}, after which the log takes nothing any more;
   * `RangeError` when the commit is too large, {@linkcode WriteRefused} when the engine takes no writes,
   * which change nothing.
   */
  append(entries: readonly JournalEntry[]): Promise<number>;
  /** Keeps the state after the last commit, and lets go of older commits. A newer owner's snapshot stays. */
  snapshot(state: unknown): Promise<void>;
  /**
   * Resolves when it is certain that nobody else had written when it was called.
   *
   * @throws {@linkcode Fenced}, {@linkcode OutcomeUnknown}.
   */
  barrier(): Promise<void>;
}

/** Who owns an entity. */
export interface Placed {
  /** The host. */
  readonly owner: HostRef;
  /** Its fencing token. */
  readonly epoch: Epoch;
}

/** How a host waits for its lease. */
export interface JoinWaiting {
  /** Aborted when the host does not want it any more. @default it waits as long as it takes */
  readonly signal?: AbortSignal;
  /** Told each time that another host of the name is seen to have the lease. */
  readonly another?: () => void;
}

/** Who owns which entity, and which hosts live. */
export interface Placement {
  /** Milliseconds from the last sign of life of a host until its entities may be taken over. */
  readonly leaseTtlMs: number;
  /**
   * Takes the lease of a host. Where a host of this name has not been given up yet, waits for its lease to
   * expire.
   *
   * @throws {@linkcode OutcomeUnknown} when the engine does not answer, or takes no lease; the reason of an
   * aborted `signal`.
   */
  join(hostId: string, former?: HostRef, waiting?: JoinWaiting): Promise<Lease>;
  /**
   * Makes the host the owner of an entity, unless another, living one is. A host that owns it already gets a
   * new epoch: what it did by the old one, and comes late, is refused.
   *
   * @throws {@linkcode OutcomeUnknown} when the engine does not answer: claiming again is safe.
   */
  claim(entity: EntityId, lease: Lease): Promise<Placed & { readonly isMine: boolean }>;
  /** Who owns it. A hint, which may be stale. */
  lookup(entity: EntityId): Promise<Placed | undefined>;
  /** Gives an entity up, if the host still owns it by this epoch. */
  release(entity: EntityId, epoch: Epoch): Promise<void>;
  /** The hosts that live. A hint, which may be stale. */
  hosts(): Promise<HostRef[]>;
}

/** The right of one host to be believed alive. */
export interface Lease {
  /** Whose it is. */
  readonly host: HostRef;
  /** False from the moment it may have expired: nothing is answered from memory any more. */
  readonly isValid: boolean;
  /** Milliseconds since the last renewal that was confirmed was sent. */
  readonly ageMs: number;
  /** Resolves once the lease is lost or given up. It never comes back: the host has to join again. */
  readonly lost: Promise<void>;
  /** Aborted at that moment: for what ends with the lease. */
  readonly signal: AbortSignal;
  /** Gives it up: the host's entities may be taken over at once. */
  release(): Promise<void>;
}
