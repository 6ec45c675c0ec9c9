/**
 * A network of elections in virtual time: delays, losses, one-way cuts, frozen clocks, crashes between any
 * two actions.
 */
import { Election, type ElectionAction, type ElectionMemory } from "../../protocols/election.ts";
import { type LogToken, NO_LOG_TOKEN, supersedes } from "../../protocols/file_log_token.ts";
import { electionTimes } from "../../protocols/election_times.ts";
import type { ElectionMessage } from "../../protocols/election_messages.ts";
import { TimedQueue } from "./_timed_queue.ts";
import type { TraceEntry } from "./_trace.ts";

/** A seeded generator of chance (mulberry32). */
export class Chance {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError("Cannot pick: there is nothing");
    return item;
  }
}

const TICK_MS = 50;
export const TIMES = electionTimes({ waitMs: 1000 });

/** One node: its machine while it runs, and what survives it. */
export class Node {
  readonly id: number;
  election: Election | undefined;
  memory: ElectionMemory | null = null;
  /** Its memory was taken away, and it has not started since. */
  forgot = false;
  /** Added to virtual time: each node has a clock of its own, and it jumps. */
  clockOffsetMs = 0;
  frozenUntilMs = 0;
  inbox: (() => void)[] = [];
  wanted: readonly number[] = [];
  readonly linkedWith = new Set<number>();
  readonly trace: TraceEntry[] = [];
  /** The most actions that are carried out before it dies; for crashes in the middle. */
  crashAfterActions = Infinity;

  constructor(id: number) {
    this.id = id;
  }
}

export interface LogWrite extends LogToken {
  readonly accepted: boolean;
}

/** Flaws, to show that they are found. */
export interface NetworkOptions {
  /** The rules. @default as they are */
  readonly election?: typeof Election;
  /** The log takes every write. */
  readonly unfencedLog?: boolean;
  /** Told what befell the network. */
  readonly happened?: (what: NetworkEvent) => void;
}

/** What befalls a network. */
export const NETWORK_EVENTS = [
  "a node died",
  "a node died between two actions",
  "a node forgot its vote",
  "a node froze",
  "a way was cut",
  "a message was lost on its way",
  "a leader led no more",
] as const;

/** One of them. */
export type NetworkEvent = typeof NETWORK_EVENTS[number];

export class Network {
  readonly #options: NetworkOptions;
  readonly chance: Chance;
  readonly nodes = new Map<number, Node>();
  readonly quorum: number;
  nowMs = 0;
  maxDelayMs = 20;
  /** `a>b`: what a sends does not reach b. */
  readonly cuts = new Set<string>();
  /** `a>b`: how many milliseconds longer what a sends is under way to b. */
  readonly slowWays = new Map<string, number>();
  /** Told of each message that goes out; what it does about it happens right after. */
  onSent: ((from: number, to: number, type: ElectionMessage["type"]) => void) | undefined;
  /** What the one shared log took or refused, with the token that it goes by. */
  readonly writes: LogWrite[] = [];
  #token = NO_LOG_TOKEN;
  /** Leaders that were elected while another one led, in words. */
  readonly overlaps: string[] = [];
  /** What nodes refused as impossible. */
  readonly warnings: string[] = [];
  readonly #queue = new TimedQueue();
  /** Per direction, when the latest message arrives: links keep order. */
  readonly #lastArrivalMs = new Map<string, number>();

  constructor(size: number, seed: number, options: NetworkOptions = {}) {
    this.#options = options;
    this.chance = new Chance(seed);
    this.quorum = Math.floor(size / 2) + 1;
    for (let id = 1; id <= size; id++) this.nodes.set(id, new Node(id));
  }

  get ids(): number[] {
    return [...this.nodes.keys()];
  }

  node(id: number): Node {
    const node = this.nodes.get(id);
    if (node === undefined) throw new RangeError(`Cannot find node ${id}`);
    return node;
  }

  get running(): Node[] {
    return [...this.nodes.values()].filter((node) => node.election !== undefined);
  }

  leaders(): Node[] {
    return this.running.filter((node) => node.election?.role === "leader");
  }

  start(id: number): void {
    const node = this.node(id);
    if (node.election !== undefined) return;
    node.crashAfterActions = Infinity;
    const election = new (this.#options.election ?? Election)({
      id,
      nodes: this.ids,
      times: TIMES,
      memory: node.memory,
      nowMs: this.#clock(node),
      random: () => this.chance.next(),
    });
    node.election = election;
    node.inbox = [];
    node.wanted = [];
    node.frozenUntilMs = 0;
    const time = new Date(this.nowMs).toISOString();
    node.trace.push({
      time,
      node: id,
      term: election.term,
      from: node.forgot ? "forgotten" : "starting",
      to: "looking",
      leader: 0,
      why: "starts",
    });
    node.forgot = false;
    this.#tick(node, election);
  }

  /** Takes a node's memory away, and starts it anew. */
  forget(id: number): void {
    this.kill(id);
    const node = this.node(id);
    if (node.memory !== null) this.#options.happened?.("a node forgot its vote");
    node.memory = null;
    node.forgot = true;
    this.start(id);
  }

  kill(id: number): void {
    const node = this.node(id);
    if (node.election !== undefined) this.#options.happened?.("a node died");
    node.election = undefined;
    node.inbox = [];
    for (const peer of [...node.linkedWith]) this.#unlink(id, peer);
  }

  freeze(id: number, durationMs: number): void {
    if (durationMs > 0) this.#options.happened?.("a node froze");
    const node = this.node(id);
    node.frozenUntilMs = this.nowMs + durationMs;
    this.#at(node.frozenUntilMs, () => {
      if (node.frozenUntilMs <= this.nowMs) this.thaw(id);
    });
  }

  /** Ends a freeze: what came meanwhile is handled now. */
  thaw(id: number): void {
    const node = this.node(id);
    node.frozenUntilMs = 0;
    const inbox = node.inbox;
    node.inbox = [];
    for (const task of inbox) task();
  }

  cut(from: number, to: number): this {
    this.#options.happened?.("a way was cut");
    this.cuts.add(`${from}>${to}`);
    return this;
  }

  /** Has something happen after so much time. */
  after(durationMs: number, run: () => void): void {
    this.#at(this.nowMs + durationMs, run);
  }

  /** Tells a node of something that did not happen, or did long ago. */
  tell(id: number, event: Parameters<Election["handle"]>[0]): void {
    const node = this.node(id);
    this.#deliver(node, () => this.#handle(node, event));
  }

  /** Runs virtual time on. */
  run(durationMs: number): void {
    const endMs = this.nowMs + durationMs;
    for (let next = this.#queue.take(endMs); next !== undefined; next = this.#queue.take(endMs)) {
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
    }
    this.nowMs = endMs;
  }

  /** Runs until the condition holds; says how long it took, or Infinity when it did not within the limit. */
  runUntil(condition: () => boolean, limitMs: number): number {
    const startMs = this.nowMs;
    while (!condition()) {
      if (this.nowMs - startMs >= limitMs) return Infinity;
      this.run(10);
    }
    return this.nowMs - startMs;
  }

  #at(atMs: number, run: () => void): void {
    this.#queue.add(atMs, run);
  }

  #clock(node: Node): number {
    return this.nowMs + node.clockOffsetMs;
  }

  #tick(node: Node, election: Election): void {
    if (node.election !== election) return;
    this.#deliver(node, () => {
      this.#handle(node, { type: "tick" });
      this.#dial(node);
      this.#at(this.nowMs + TICK_MS, () => this.#tick(node, election));
    });
  }

  /** Now, or when the node is no longer frozen; in order. */
  #deliver(node: Node, run: () => void): void {
    const election = node.election;
    const guarded = () => {
      if (node.election === election && election !== undefined) run();
    };
    if (node.frozenUntilMs > this.nowMs) node.inbox.push(guarded);
    else guarded();
  }

  #handle(node: Node, event: Parameters<Election["handle"]>[0]): void {
    const actions = node.election?.handle(event, this.#clock(node)) ?? [];
    for (const action of actions) {
      if (node.crashAfterActions-- <= 0) {
        this.#options.happened?.("a node died between two actions");
        this.kill(node.id);
        return;
      }
      this.#carryOut(node, action);
    }
  }

  #carryOut(node: Node, action: ElectionAction): void {
    switch (action.type) {
      case "remember":
        node.memory = action.memory;
        return;
      case "send":
        this.#send(node.id, action.to, action.message);
        return;
      case "want":
        node.wanted = action.peers;
        return;
      case "drop":
        for (const peer of action.peers) if (node.linkedWith.has(peer)) this.#unlink(node.id, peer);
        return;
      case "members":
        return;
      case "change": {
        const { from, to, term, leader, why } = action;
        if (from === "leader") this.#options.happened?.("a leader led no more");
        node.trace.push({
          time: new Date(this.nowMs).toISOString(),
          node: node.id,
          term,
          from,
          to,
          leader,
          why,
        });
        if (to === "leader") {
          this.#noteOverlap(node);
          // The leader writes the log, and the disk takes its time.
          this.#at(this.nowMs + this.chance.below(1500), () => this.#write({ term, leader: node.id }));
        }
        return;
      }
      case "warn":
        this.warnings.push(`node ${node.id}: ${action.text}`);
    }
  }

  #noteOverlap(elected: Node): void {
    for (const other of this.running) {
      const isAwake = other.frozenUntilMs <= this.nowMs;
      const leads = other.election?.role === "leader" && this.#clock(other) < other.election.deadlineMs;
      if (other === elected || !isAwake || !leads) continue;
      this.overlaps.push(
        `${elected.id} in ${elected.election?.term}, ${other.id} in ${other.election?.term}`,
      );
    }
  }

  #write(token: LogToken): void {
    const accepted = supersedes(token, this.#token) || this.#options.unfencedLog === true;
    if (accepted) this.#token = token;
    this.writes.push({ ...token, accepted });
  }

  #send(from: number, to: number, message: ElectionMessage): void {
    const key = `${from}>${to}`;
    if (!this.node(from).linkedWith.has(to) || this.cuts.has(key)) return;
    this.onSent?.(from, to, message.type);
    const arrivalMs = Math.max(
      this.nowMs + this.chance.below(this.maxDelayMs + 1) + (this.slowWays.get(key) ?? 0),
      this.#lastArrivalMs.get(key) ?? 0,
    );
    this.#lastArrivalMs.set(key, arrivalMs);
    this.#at(arrivalMs, () => {
      const receiver = this.node(to);
      // A cut also loses what was under way; a link that is gone delivers nothing.
      if (this.cuts.has(key)) return this.#options.happened?.("a message was lost on its way");
      if (!receiver.linkedWith.has(from)) return;
      this.#deliver(
        receiver,
        () => this.#handle(receiver, { type: "message", peer: from, message }),
      );
    });
  }

  #dial(node: Node): void {
    for (const peer of node.wanted) {
      const target = this.node(peer);
      if (node.election === undefined || node.linkedWith.has(peer)) continue;
      const cut = this.cuts.has(`${node.id}>${peer}`) || this.cuts.has(`${peer}>${node.id}`);
      if (cut) continue;
      if (target.election === undefined) {
        this.#handle(node, { type: "refused", peer });
        continue;
      }
      if (target.frozenUntilMs > this.nowMs) continue;
      node.linkedWith.add(peer);
      target.linkedWith.add(node.id);
      this.#tellLink(node, peer);
      this.#tellLink(target, node.id);
    }
  }

  #unlink(a: number, b: number): void {
    for (const [id, peer] of [[a, b], [b, a]] as const) {
      const node = this.node(id);
      node.linkedWith.delete(peer);
      this.#tellLink(node, peer);
    }
  }

  /** A node that was frozen when a link came and went learns of how it is now. */
  #tellLink(node: Node, peer: number): void {
    this.#deliver(node, () => {
      this.#handle(node, { type: "link-down", peer });
      if (node.linkedWith.has(peer)) this.#handle(node, { type: "link-up", peer });
    });
  }
}
