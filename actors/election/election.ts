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
} from "../../protocols/election.ts";
import type { ElectionTimes } from "../../protocols/election_times.ts";
import { greetingAnswer } from "../../protocols/peer_link.ts";
import type { ElectionNotice } from "../../protocols/election_events.ts";
import { assertNever, type Behavior, type Context, type Ref, type RegistryKey } from "../runtime/mod.ts";
import { ElectionFeed, type ElectionFeedCommand } from "./feed.ts";
import type { CollectorStarted, FileCollectorCommand, TermSeen } from "./file_collector.ts";
import type { FolderContent } from "./folder_watcher.ts";
import { loadMemory, saveMemory } from "./memory_file.ts";
import type { PeerNode } from "./nodes.ts";
import { peerLink, type PeerLinkCommand, type PeerLinkEvent } from "./peer_link.ts";
import type { PeerAccepted } from "./peer_listener.ts";
import type { Transition } from "./trace_file.ts";

/** What an {@linkcode electionActor} can be told. */
export type ElectionCommand =
  | PeerAccepted
  /** This node's own files, which the others are told the number of. */
  | FolderContent
  | TermSeen
  | CollectorStarted
  | ElectionFeedCommand;

/** Options of {@linkcode electionActor}. */
export interface ElectionActorOptions {
  /** This node. */
  readonly id: number;
  /** All nodes, this one too. */
  readonly nodes: readonly PeerNode[];
  /** How many nodes an election takes. */
  readonly quorum: number;
  /** Its times. */
  readonly times: ElectionTimes;
  /** Where term and vote are kept. */
  readonly memoryPath: string;
  /** Told every transition. */
  readonly trace?: Ref<Transition>;
  /** Where other services find this election, to subscribe to it. */
  readonly feedKey?: RegistryKey<ElectionFeedCommand>;
}

type Message =
  | ElectionCommand
  | PeerLinkEvent
  | { readonly type: "tick" }
  | { readonly type: "subscriber-stopped"; readonly subscriber: Ref<ElectionNotice> };

const TICK_MS = 50;

/** Elects, with the others. The links to them are its children. Its start fails when its memory cannot be read. */
export function electionActor(options: ElectionActorOptions): Behavior<ElectionCommand> {
  const behavior: Behavior<Message> = async (self) => {
    const { id, nodes, quorum, times, memoryPath, trace } = options;
    const { clock, random, disk } = self.world;
    const { memory, damage } = await loadMemory(disk, memoryPath);
    if (self.signal.aborted) return () => {};
    if (damage !== undefined) self.log.warn(`Cannot use ${memoryPath}, as if it were not there: ${damage}`);
    const rules = new Election({
      id,
      nodes: nodes.map((node) => node.id),
      quorum,
      times,
      memory,
      nowMs: clock.monotonic(),
      random: () => random.next(),
    });
    trace?.tell({
      node: id,
      term: rules.term,
      from: memory === null ? "forgotten" : "starting",
      to: rules.role,
      leader: 0,
      why: memory === null ? "starts without memory of its votes" : "starts",
    });
    const links = new Map<number, Ref<PeerLinkCommand>>();
    for (const peer of nodes) {
      if (peer.id === id) continue;
      const silenceMs = 2 * times.electionTimeoutMs;
      const link = peerLink({ ownId: id, peer, silenceMs, owner: self.self });
      links.set(peer.id, self.spawn(`link-${peer.id}`, link));
    }
    const actor = new ElectionActor(self, options, rules, links);
    if (options.feedKey !== undefined) {
      const registration = self.registry.register(options.feedKey, self.self);
      self.onStop(() => registration.cancel());
    }
    self.every(TICK_MS, { type: "tick" });
    return (message) => actor.receive(message);
  };
  // Its own messages are its own: nobody else can name them.
  return behavior as Behavior<ElectionCommand>;
}

class ElectionActor {
  readonly #self: Context<Message>;
  readonly #options: ElectionActorOptions;
  readonly #rules: Election;
  readonly #links: ReadonlyMap<number, Ref<PeerLinkCommand>>;
  #collector: Ref<FileCollectorCommand> | undefined;
  #members: readonly number[] = [];
  #folder: FolderContent | undefined;
  #wanted: readonly number[] = [];
  /** The leader that was named last; 0 when its loss was. */
  #named = 0;
  /** For which end of its lease this leader has set a timer. */
  #deadlineMs = Infinity;
  readonly #feed = new ElectionFeed();

  constructor(
    self: Context<Message>,
    options: ElectionActorOptions,
    rules: Election,
    links: ReadonlyMap<number, Ref<PeerLinkCommand>>,
  ) {
    this.#self = self;
    this.#options = options;
    this.#rules = rules;
    this.#links = links;
  }

  receive(message: Message): void | Promise<void> {
    switch (message.type) {
      case "accepted": {
        const { connection, old } = message;
        const link = this.#links.get(message.peer);
        if (link !== undefined) link.tell({ type: "accepted", connection, old });
        else {
          this.#self.log.warn(
            `Refused ${connection.remote}: it says that it is Node ${message.peer}, which is none of the others`,
          );
          // With the answer to its greeting, so that it does not take this node for an old one.
          if (!old) connection.actor.tell({ type: "say", text: greetingAnswer(this.#options.id) });
          connection.actor.tell({ type: "part" });
        }
        return;
      }
      case "collector":
        this.#collector = message.collector;
        this.#collector.tell({ type: "members", members: this.#members });
        this.#tellLead();
        return;
      case "folder":
        this.#folder = message;
        for (const link of this.#links.values()) this.#sayFolder(link);
        return;
      case "said": {
        const { peer, message: said } = message;
        if (said.type === "files") {
          this.#collector?.tell({ type: "peer-files", peer, version: said.version, count: said.count });
          return;
        }
        return this.#handle({ type: "message", peer, message: said });
      }
      case "link-up": {
        const link = this.#links.get(message.peer);
        if (link !== undefined) this.#sayFolder(link);
        return this.#handle(message);
      }
      case "link-started":
        this.#tellWanted(message.peer);
        return this.#handle({ type: "link-down", peer: message.peer });
      case "link-down":
        this.#collector?.tell({ type: "peer-silent", peer: message.peer });
        return this.#handle(message);
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
      case "refused":
      case "old-up":
      case "old-down":
      case "tick":
      case "term-seen":
        return this.#handle(message);
      default:
        assertNever(message);
    }
  }

  #tellWanted(peer: number): void {
    this.#links.get(peer)?.tell({ type: "want", wanted: this.#wanted.includes(peer) });
  }

  #sayFolder(link: Ref<PeerLinkCommand>): void {
    if (this.#folder === undefined) return;
    const { version, names } = this.#folder;
    link.tell({ type: "say", message: { type: "files", version, count: names.length } });
  }

  #handle(event: ElectionEvent): void | Promise<void> {
    // The exact time, not the loop's: a process that was frozen must know it before it does anything else.
    const actions = this.#rules.handle(event, this.#self.world.clock.monotonic());
    this.#awaitDeadline();
    for (let index = 0; index < actions.length; index++) {
      const action = actions[index];
      if (action?.type === "remember") return this.#carryOutFrom(actions, index);
      if (action !== undefined) this.#carryOut(action);
    }
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
      if (action.type === "remember") {
        await saveMemory(this.#self.world.disk, this.#options.memoryPath, action.memory);
      } else this.#carryOut(action);
    }
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
        this.#self.log.warn(action.text);
        return;
      default:
        assertNever(action);
    }
  }

  #change(change: ChangeAction): void {
    const { id, trace } = this.#options;
    const { log } = this.#self;
    const { from, to, term, leader, why } = change;
    trace?.tell({ node: id, term, from, to, leader, why });
    log.debug(`Node ${id} is ${to} in term ${term}: ${why}`, { term, from, to, leader });
    const led = from === "leader" || from === "plain-leader";
    const leads = to === "leader" || to === "plain-leader";
    if (led && !leads) {
      log.warn(`Leader Node ${id} steps down: ${why}`, { term });
      this.#named = 0;
    } else if (to === "looking" && (from === "follower" || from === "plain-follower")) {
      log.info(`Node ${id} follows Node ${this.#named} no more: ${why}`);
      this.#named = 0;
    }
    if (leader !== 0 && leader !== this.#named) {
      this.#named = leader;
      log.plain(`Leader elected: Node ${leader}`, { term });
      if (leads) log.plain(`Leader Node ${id} remains connected to all peers.`, { term });
    }
    this.#tellFeed();
    if (leads) this.#tellLead();
    else if (led) this.#collector?.tell({ type: "stop-leading" });
  }

  #tellFeed(): void {
    const { id, nodes } = this.#options;
    const { leader, term, plain } = this.#rules;
    const address = nodes.find((node) => node.id === leader)?.address;
    this.#feed.tellLeader(
      address === undefined
        ? { type: "leader-lost" }
        : { type: "leader-known", leader, address, term: plain ? 0 : term, isSelf: leader === id },
    );
  }

  #tellLead(): void {
    const { role, term, id } = this.#rules;
    if (this.#rules.leader === id) this.#collector?.tell({ type: "lead", term, fenced: role === "leader" });
  }
}
