/**
 * One node's part in the election, between the rules (`protocols/election.ts`) and the world.
 *
 * @module
 */
import {
  type ChangeAction,
  Election,
  type ElectionAction,
  type ElectionEvent,
  type ElectionMemory,
  type ElectionRole,
} from "../../protocols/election.ts";
import type { ElectionMessage } from "../../protocols/election_messages.ts";
import { nodeList } from "../../protocols/peer_link.ts";
import type { ElectionNotice } from "../../protocols/election_events.ts";
import { assertNever, type Behavior, type Context, type Ref, withPrivateMessages } from "../runtime/mod.ts";
import { WorldError } from "../world/world.ts";
import { ElectionLog, isLeading } from "./election_log.ts";
import type { ElectionActorOptions, ElectionCommand } from "./election_options.ts";
import { ElectionFeed } from "./feed.ts";
import type { FileCollectorCommand } from "./file_collector.ts";
import type { DirectoryContent } from "./directory_watcher.ts";
import { loadMemory, saveMemory } from "./memory_file.ts";
import type { PeerLinkCommand, PeerLinkEvent } from "./link_messages.ts";
import { OccasionalWarnings } from "./occasional_warnings.ts";
import { peerLink } from "./peer_link.ts";

type Message =
  | ElectionCommand
  | PeerLinkEvent
  | { readonly type: "tick" }
  | { readonly type: "say-directory" }
  | { readonly type: "try-memory" }
  | { readonly type: "subscriber-stopped"; readonly subscriber: Ref<ElectionNotice> };

const TICK_MS = 50;
/**
 * Between two times that the others are told of the directory, also when it has not changed: what is said on
 * one of several connections of a link, just before that is given up for another, may never arrive.
 */
const SAY_DIRECTORY_MS = 2000;
/** Between two attempts to write a memory that could not be written. */
const MEMORY_RETRY_MS = 500;

/**
 * Elects, with the others. The links to them are its children.
 *
 * Its start fails with a `WorldError` when its memory cannot be read, or cannot be made.
 */
export function electionActor(options: ElectionActorOptions): Behavior<ElectionCommand> {
  return withPrivateMessages<ElectionCommand, Message>(async (self) => {
    const { id, nodes, times, memoryPath, trace, secret, oldNodes, feedKey } = options;
    const { disk } = self.world;
    const { memory, damage } = await loadMemory(disk, memoryPath);
    if (self.signal.aborted) return () => {};
    if (damage !== undefined) {
      self.log.warn(`Cannot use ${memoryPath}, as if it were not there: ${damage}`, {
        event: "memory-damaged",
      });
    }
    if (memory === null) await saveMemory(disk, memoryPath, NOTHING_REMEMBERED);
    if (self.signal.aborted) return () => {};
    trace?.tell({
      node: id,
      term: memory?.term ?? 0,
      from: memory === null ? "forgotten" : "starting",
      to: "looking",
      leader: 0,
      why: memory === null ? "starts without memory of its votes" : "starts",
    });
    const links = new Map<number, Ref<PeerLinkCommand>>();
    const list = nodeList(nodes.map((node) => node.id));
    for (const peer of nodes) {
      if (peer.id === id) continue;
      const silenceMs = 2 * times.electionTimeoutMs;
      const mayBeOld = oldNodes.includes(peer.id);
      const link = peerLink({ ownId: id, peer, nodes: list, silenceMs, secret, mayBeOld, owner: self.self });
      links.set(peer.id, self.spawn(`link-${peer.id}`, link));
    }
    const actor = new ElectionActor(self, options, memory ?? NOTHING_REMEMBERED, links);
    if (feedKey !== undefined) {
      const registration = self.registry.register(feedKey, self.self);
      self.onStop(() => registration.cancel());
    }
    self.every(TICK_MS, { type: "tick" });
    self.every(SAY_DIRECTORY_MS, { type: "say-directory" });
    return (message) => actor.receive(message);
  });
}

const NOTHING_REMEMBERED: ElectionMemory = { term: 0, votedFor: 0 };

class ElectionActor {
  readonly #self: Context<Message>;
  readonly #options: ElectionActorOptions;
  #rules: Election;
  readonly #warnings: OccasionalWarnings;
  /** What is on the disk. */
  #memory: ElectionMemory;
  /** The memory cannot be written: no part in any election. */
  #isStalled = false;
  /** The peers that are linked, and those that are old nodes. */
  readonly #linked = new Set<number>();
  readonly #old = new Set<number>();
  readonly #links: ReadonlyMap<number, Ref<PeerLinkCommand>>;
  #collector: Ref<FileCollectorCommand> | undefined;
  #members: readonly number[] = [];
  #directory: DirectoryContent | undefined;
  #wanted: readonly number[] = [];
  /** The role that was told last. */
  #told: ElectionRole = "looking";
  /** For which end of its lease this leader has set a timer. */
  #deadlineMs = Infinity;
  readonly #feed = new ElectionFeed();
  readonly #log: ElectionLog;

  constructor(
    self: Context<Message>,
    options: ElectionActorOptions,
    memory: ElectionMemory,
    links: ReadonlyMap<number, Ref<PeerLinkCommand>>,
  ) {
    this.#self = self;
    this.#options = options;
    this.#memory = memory;
    this.#warnings = new OccasionalWarnings(self.log, self.world.clock);
    this.#log = new ElectionLog(options.id, self, options.trace);
    this.#links = links;
    this.#rules = this.#newRules();
  }

  #newRules(): Election {
    const { id, nodes, quorum, times } = this.#options;
    const { clock, random } = this.#self.world;
    return new Election({
      id,
      nodes: nodes.map((node) => node.id),
      quorum,
      times,
      memory: this.#memory,
      nowMs: clock.monotonic(),
      random: () => random.next(),
    });
  }

  receive(message: Message): void | Promise<void> {
    switch (message.type) {
      case "accepted": {
        const { connection, old, nonce, peer } = message;
        const link = this.#links.get(peer);
        if (link !== undefined) {
          link.tell({ type: "accepted", connection, old, nonce });
          return;
        }
        const why = `it says that it is Node ${peer}, which is none of the others`;
        this.#warnings.warn("stranger", `Refused ${connection.remote}: ${why}`);
        connection.actor.tell({ type: "say", message: { type: "rejected", why } });
        connection.actor.tell({ type: "part" });
        return;
      }
      case "collector":
        this.#collector = message.collector;
        for (const peer of this.#old) this.#tellOld(peer);
        this.#collector.tell({ type: "members", members: this.#members });
        this.#tellLead();
        return;
      case "directory":
        this.#directory = message;
        return this.#sayDirectoryToAll();
      case "say-directory":
        return this.#sayDirectoryToAll();
      case "said":
        return this.#said(message);
      case "link-up": {
        this.#linked.add(message.peer);
        const link = this.#links.get(message.peer);
        if (link !== undefined) this.#sayDirectory(link);
        return this.#handle(message);
      }
      case "link-started":
        this.#tellWanted(message.peer);
        this.#linked.delete(message.peer);
        return this.#handle({ type: "link-down", peer: message.peer });
      case "link-down":
        this.#linked.delete(message.peer);
        this.#collector?.tell({ type: "peer-silent", peer: message.peer });
        return this.#handle(message);
      case "old-up":
      case "old-down":
        if (message.type === "old-up") this.#old.add(message.peer);
        else this.#old.delete(message.peer);
        this.#tellOld(message.peer);
        return this.#handle(message);
      case "try-memory":
        return this.#tryMemory();
      case "subscribe": {
        const { subscriber } = message;
        if (this.#feed.subscribe(subscriber)) {
          this.#self.watch(subscriber, () => ({ type: "subscriber-stopped", subscriber }));
        }
        return;
      }
      case "subscriber-stopped":
        this.#feed.remove(message.subscriber);
        return;
      case "tick":
        this.#log.flush();
        return this.#handle(message);
      case "refused":
      case "term-seen":
        return this.#handle(message);
      default:
        assertNever(message);
    }
  }

  /** The connection reads on when the message is handled, and what it led to is on the disk. */
  #said({ peer, message, from }: PeerLinkEvent & { readonly type: "said" }): void | Promise<void> {
    const goOn = () => from.tell({ type: "go-on" });
    if (message.type === "files") {
      this.#collector?.tell({ type: "peer-files", peer, files: message });
      goOn();
      return;
    }
    const handled = this.#handle({ type: "message", peer, message: this.#believable(message) });
    if (handled !== undefined) return handled.then(goOn);
    goOn();
  }

  /** Only nodes that may be old are. */
  #believable(message: ElectionMessage): ElectionMessage {
    if (message.type !== "beat") return message;
    return { ...message, old: message.old.filter((id) => this.#options.oldNodes.includes(id)) };
  }

  #tellOld(peer: number): void {
    this.#collector?.tell({ type: "peer-old", peer, isOld: this.#old.has(peer) });
  }

  #tellWanted(peer: number): void {
    this.#links.get(peer)?.tell({ type: "want", wanted: this.#wanted.includes(peer) });
  }

  #sayDirectoryToAll(): void {
    for (const link of this.#links.values()) this.#sayDirectory(link);
  }

  #sayDirectory(link: Ref<PeerLinkCommand>): void {
    if (this.#directory === undefined) return;
    const { version, names, sha256 } = this.#directory;
    link.tell({ type: "say", message: { type: "files", version, count: names.length, sha256 } });
  }

  #handle(event: ElectionEvent): undefined | Promise<void> {
    if (this.#isStalled) return undefined;
    // The exact time, not the loop's: a process that was frozen must know it before it does anything else.
    const actions = this.#rules.handle(event, this.#self.world.clock.monotonic());
    this.#awaitDeadline();
    for (let index = 0; index < actions.length; index++) {
      const action = actions[index];
      if (action?.type === "remember") return this.#carryOutFrom(actions, index);
      if (action !== undefined) this.#carryOut(action);
    }
    return undefined;
  }

  /** A lease that ends before the next tick is looked at when it ends. */
  #awaitDeadline(): void {
    const now = this.#self.world.clock.monotonic();
    const { deadlineMs } = this.#rules;
    if (deadlineMs - now >= TICK_MS || deadlineMs === this.#deadlineMs) return;
    this.#deadlineMs = deadlineMs;
    this.#self.after(Math.max(deadlineMs - now, 1), { type: "tick" });
  }

  /** What depends on the memory waits until it is on the disk; this actor does nothing else meanwhile. */
  async #carryOutFrom(actions: readonly ElectionAction[], first: number): Promise<void> {
    for (const action of actions.slice(first)) {
      if (action.type !== "remember") this.#carryOut(action);
      else if (!await this.#save(action.memory)) return;
    }
    await this.#handle({ type: "tick" });
  }

  async #save(memory: ElectionMemory): Promise<boolean> {
    const { memoryPath } = this.#options;
    try {
      await saveMemory(this.#self.world.disk, memoryPath, memory);
      this.#memory = memory;
      return true;
    } catch (error) {
      if (!(error instanceof WorldError)) throw error;
      if (!this.#isStalled) this.#stall(`Cannot write ${memoryPath}: ${error.message}`);
      this.#self.after(MEMORY_RETRY_MS, { type: "try-memory" });
      return false;
    }
  }

  /** What cannot be remembered is not done: this node leads nobody and votes for nobody. */
  #stall(why: string): void {
    const { id } = this.#options;
    this.#isStalled = true;
    this.#self.log.error(`${why}. Node ${id} takes no part in elections until it can`, {
      event: "memory-not-written",
    });
    if (this.#told !== "looking") {
      this.#change({
        type: "change",
        from: this.#told,
        to: "looking",
        term: this.#memory.term,
        leader: 0,
        why,
      });
    }
    this.#feed.tellLeader({ type: "leader-lost" });
  }

  /** Begins anew with what is on the disk, as after a start, once it can be written. */
  async #tryMemory(): Promise<void> {
    if (!await this.#save(this.#memory)) return;
    const { id, memoryPath } = this.#options;
    this.#self.log.info(`${memoryPath} can be written again: Node ${id} takes part in elections`, {
      event: "memory-written-again",
    });
    this.#isStalled = false;
    this.#rules = this.#newRules();
    for (const peer of this.#linked) await this.#handle({ type: "link-up", peer });
    for (const peer of this.#old) await this.#handle({ type: "old-up", peer });
  }

  #carryOut(action: Exclude<ElectionAction, { type: "remember" }>): void {
    switch (action.type) {
      case "send":
        this.#links.get(action.to)?.tell({ type: "say", message: action.message });
        return;
      case "want":
        this.#wanted = action.peers;
        for (const peer of this.#links.keys()) this.#tellWanted(peer);
        return;
      case "drop":
        for (const peer of action.peers) this.#links.get(peer)?.tell({ type: "drop" });
        return;
      case "members":
        this.#members = action.members;
        this.#feed.tellMembers(action.members);
        this.#collector?.tell({ type: "members", members: action.members });
        return;
      case "change":
        this.#change(action);
        return;
      case "warn":
        this.#self.log.warn(action.text, { event: "election-warning" });
        return;
      default:
        assertNever(action);
    }
  }

  #change(change: ChangeAction): void {
    const { from, to, term, leader } = change;
    this.#told = to;
    this.#log.change(change);
    this.#feed.tellLeaderOf(this.#options, leader, this.#rules.plain ? 0 : term);
    if (isLeading(to)) this.#tellLead();
    else if (isLeading(from)) this.#collector?.tell({ type: "stop-leading" });
  }

  #tellLead(): void {
    const { role, term, id } = this.#rules;
    if (this.#rules.leader === id) this.#collector?.tell({ type: "lead", term, fenced: role === "leader" });
  }
}
