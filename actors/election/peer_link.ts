/**
 * All connections with one other node, as one link.
 *
 * @module
 */
import { encodePeerMessage, type PeerMessage } from "../../protocols/election_messages.ts";
import { type DialledFrame, dialledFrames, greeting, greetingAnswer } from "../../protocols/peer_link.ts";
import { type CloseReason, type Connection, dialer, formatAddress, type Session } from "../net/mod.ts";
import { assertNever, type Behavior, type Context, type Ref, stop } from "../runtime/mod.ts";
import { type FetchOutcome, isRefusal, listFetch } from "./list_fetch.ts";
import type { PeerNode } from "./nodes.ts";
import { OldNodeEvidence } from "./old_node_evidence.ts";

/** What a link tells the connections that it is made of. */
export type LinkConnectionCommand =
  /** Tell this link what comes. */
  | { readonly type: "adopt"; readonly link: Ref<LinkConnectionEvent> }
  | { readonly type: "say"; readonly text: string }
  /** Close, once what was said is sent. */
  | { readonly type: "part" };

/** One connection with the other node. The object is its identity. */
export interface LinkConnection {
  /** The connection's actor. */
  readonly actor: Ref<LinkConnectionCommand>;
  /** The other side, for people. */
  readonly remote: string;
}

/** What connections tell their link. */
export type LinkConnectionEvent =
  | { readonly type: "received"; readonly connection: LinkConnection; readonly message: PeerMessage }
  /** `silently`: the other side ended it without having sent anything. */
  | { readonly type: "closed"; readonly connection: LinkConnection; readonly silently: boolean };

/** What a {@linkcode peerLink} can be told. */
export type PeerLinkCommand =
  /** Whether the link is needed: only then it is dialled. */
  | { readonly type: "want"; readonly wanted: boolean }
  /** Close what there is, unless it is wanted again meanwhile. */
  | { readonly type: "drop" }
  | { readonly type: "say"; readonly message: PeerMessage }
  /** The other node has dialled, and said who it is. */
  | { readonly type: "accepted"; readonly connection: LinkConnection; readonly old: boolean };

/** What a link tells the election. */
export type PeerLinkEvent =
  /** It begins, perhaps anew: there is no connection, and it knows nothing of what is wanted. */
  | { readonly type: "link-started"; readonly peer: number }
  | { readonly type: "link-up"; readonly peer: number }
  | { readonly type: "link-down"; readonly peer: number }
  | { readonly type: "refused"; readonly peer: number }
  | { readonly type: "old-up"; readonly peer: number }
  | { readonly type: "old-down"; readonly peer: number }
  | { readonly type: "said"; readonly peer: number; readonly message: PeerMessage };

/** Options of {@linkcode peerLink}. */
export interface PeerLinkOptions {
  /** This node. */
  readonly ownId: number;
  /** The other node. */
  readonly peer: PeerNode;
  /** Silence after which a connection is given up. */
  readonly silenceMs: number;
  /** Told what happens. */
  readonly owner: Ref<PeerLinkEvent>;
}

type Message =
  | PeerLinkCommand
  | LinkConnectionEvent
  | { readonly type: "dialled"; readonly connection: LinkConnection }
  | { readonly type: "hello"; readonly connection: LinkConnection; readonly id: number }
  | { readonly type: "dial-failed"; readonly refused: boolean }
  | { readonly type: "probed"; readonly outcome: FetchOutcome }
  | { readonly type: "tick" };

const TICK_MS = 100;
/** Between two attempts to dial. */
const RETRY_MS = { first: 50, most: 400 };
/** How long an attempt may take. */
const DIAL_MS = 1000;
/** A connection that lasted so long counts as a success. */
const SETTLED_MS = 1000;
/** After so long a connection that never got an answer is given up for a new one. */
const GREETING_MS = 5000;
/** How long the answer to a probe may take. */
const PROBE_MS = 1000;
/** Between two looks whether an old node is still there, with no connection left and with one; so many that fail are enough. */
const OLD_LOOK_MS = { alone: 1000, connected: 5000 };
const OLD_LOOKS = 2;
/** The other side of a dropped link may not know the leader yet, and would dial at once. */
const DROP_MS = 300;
/** More connections than this at once is somebody's mischief. */
const MAX_CONNECTIONS = 8;

/** Keeps the connections with one node: dials while the link is wanted, takes what the other dials, and finds out whether it is an old node. */
export function peerLink(options: PeerLinkOptions): Behavior<PeerLinkCommand> {
  const behavior: Behavior<Message> = (self) => {
    const link = new PeerLink(self, options);
    options.owner.tell({ type: "link-started", peer: options.peer.id });
    self.every(TICK_MS, { type: "tick" });
    return (message) => link.receive(message);
  };
  // Its own messages are its own: nobody else can name them.
  return behavior as Behavior<PeerLinkCommand>;
}

interface ConnectionState {
  readonly direction: "dialled" | "accepted";
  /** Greeted and not answered yet; claimed to be an old node's; up; or an old node's. */
  phase: "greeting" | "claimed" | "up" | "old";
  readonly sinceMs: number;
  heardMs: number;
}

class PeerLink {
  readonly #self: Context<Message>;
  readonly #options: PeerLinkOptions;
  readonly #id: number;
  readonly #connections = new Map<LinkConnection, ConnectionState>();
  readonly #evidence = new OldNodeEvidence();
  #wanted = false;
  #dropAtMs = Infinity;
  /** Children are numbered. */
  #children = 0;
  #dialling = false;
  #failures = 0;
  #dialAtMs = 0;
  #probing = false;
  #probeAtMs = 0;
  #old = false;
  #looksFailed = 0;

  constructor(self: Context<Message>, options: PeerLinkOptions) {
    this.#self = self;
    this.#options = options;
    this.#id = options.peer.id;
  }

  receive(message: Message): void {
    switch (message.type) {
      case "want":
        this.#want(message.wanted);
        return;
      case "drop":
        if (this.#connections.size > 0) this.#dropAtMs = this.#now + DROP_MS;
        return;
      case "say":
        this.#say(message.message);
        return;
      case "accepted":
        this.#accept(message.connection, message.old);
        return;
      case "dialled":
        this.#dialling = false;
        this.#add(message.connection, "dialled", "greeting");
        this.#evidence.greet();
        this.#probeIfNeeded();
        return;
      case "dial-failed":
        this.#dialling = false;
        this.#dialLater();
        if (message.refused) this.#tellRefused();
        this.#missed();
        return;
      case "hello":
        this.#welcome(message.connection, message.id);
        return;
      case "received": {
        const state = this.#connections.get(message.connection);
        if (state?.phase !== "up") return;
        state.heardMs = this.#now;
        this.#options.owner.tell({ type: "said", peer: this.#id, message: message.message });
        return;
      }
      case "closed":
        this.#closed(message.connection, message.silently);
        return;
      case "probed":
        this.#probed(message.outcome);
        return;
      case "tick":
        this.#tick();
        return;
      default:
        assertNever(message);
    }
  }

  get #now(): number {
    return this.#self.world.clock.monotonic();
  }

  #first(phase: ConnectionState["phase"]): [LinkConnection, ConnectionState] | undefined {
    for (const entry of this.#connections) if (entry[1].phase === phase) return entry;
    return undefined;
  }

  get #isUp(): boolean {
    return this.#first("up") !== undefined;
  }

  #want(wanted: boolean): void {
    this.#wanted = wanted;
    if (!wanted) return;
    this.#dropAtMs = Infinity;
    this.#failures = 0;
    this.#dialAtMs = this.#now;
    this.#dialIfNeeded();
  }

  #say(message: PeerMessage): void {
    this.#first("up")?.[0].actor.tell({ type: "say", text: encodePeerMessage(message) + "\n" });
  }

  // ---- connections

  #add(
    connection: LinkConnection,
    direction: ConnectionState["direction"],
    phase: ConnectionState["phase"],
  ): void {
    const now = this.#now;
    this.#connections.set(connection, { direction, phase, sinceMs: now, heardMs: now });
  }

  #accept(connection: LinkConnection, old: boolean): void {
    // Also who is sent away is answered: it would take this node for an old one.
    if (!old) connection.actor.tell({ type: "say", text: greetingAnswer(this.#options.ownId) });
    if (old && this.#isUp) {
      this.#sendAway(connection);
      return;
    }
    if (this.#connections.size >= MAX_CONNECTIONS) {
      connection.actor.tell({ type: "part" });
      return;
    }
    connection.actor.tell({ type: "adopt", link: this.#self.self });
    if (!old) {
      this.#add(connection, "accepted", "greeting");
      this.#becomeUp(connection);
    } else if (this.#old) {
      this.#add(connection, "accepted", "old");
    } else {
      this.#add(connection, "accepted", "claimed");
      this.#evidence.claim();
      this.#dialAtMs = this.#now;
      this.#failures = 0;
      this.#dialIfNeeded();
    }
  }

  #sendAway(pretender: LinkConnection): void {
    this.#self.log.warn(`Sent ${pretender.remote} away: it claims to be Node ${this.#id}, which is linked`);
    this.#part(pretender);
  }

  #welcome(connection: LinkConnection, id: number): void {
    const { peer } = this.#options;
    if (id === peer.id) {
      this.#becomeUp(connection);
      return;
    }
    this.#self.log.warn(`Node ${id} is at ${formatAddress(peer.address)}, where Node ${peer.id} should be`);
    connection.actor.tell({ type: "part" });
  }

  #becomeUp(connection: LinkConnection): void {
    const state = this.#connections.get(connection);
    if (state === undefined) return;
    const wasUp = this.#isUp;
    state.phase = "up";
    state.heardMs = this.#now;
    this.#sayConnected(state.direction);
    this.#evidence.clear();
    this.#endOld();
    for (const [other, { phase }] of [...this.#connections]) if (phase === "claimed") this.#sendAway(other);
    if (!wasUp) this.#options.owner.tell({ type: "link-up", peer: this.#id });
  }

  #closed(connection: LinkConnection, silently = false): void {
    const state = this.#connections.get(connection);
    if (state === undefined) return;
    this.#connections.delete(connection);
    const now = this.#now;
    if (state.phase === "up" && !this.#isUp) {
      this.#sayDisconnected();
      this.#options.owner.tell({ type: "link-down", peer: this.#id });
    }
    if (state.phase === "old") this.#probeAtMs = now + OLD_LOOK_MS.alone;
    if (state.phase === "up" && now - state.sinceMs >= SETTLED_MS) {
      // Whether anybody still listens there is worth knowing at once.
      this.#failures = 0;
      this.#dialAtMs = now;
    } else this.#dialLater();
    if (silently && state.phase === "greeting" && !this.#old) {
      this.#evidence.closeGreeting();
      this.#probeAtMs = this.#dialAtMs;
    }
    this.#lookForOld();
    this.#dialIfNeeded();
  }

  #part(connection: LinkConnection): void {
    connection.actor.tell({ type: "part" });
    this.#closed(connection);
  }

  #drop(): void {
    this.#dropAtMs = Infinity;
    if (this.#first("old") !== undefined) this.#sayDisconnected();
    for (const connection of [...this.#connections.keys()]) this.#part(connection);
  }

  #sayConnected(direction: ConnectionState["direction"]): void {
    const how = direction === "dialled" ? "to" : "with";
    this.#self.log.plain(`Node ${this.#options.ownId} connected ${how} Node ${this.#id}.`);
  }

  #sayDisconnected(): void {
    this.#self.log.plain(`Node ${this.#options.ownId} disconnected from Node ${this.#id}.`);
  }

  #tellRefused(): void {
    this.#options.owner.tell({ type: "refused", peer: this.#id });
  }

  #tick(): void {
    const now = this.#now;
    if (now >= this.#dropAtMs) this.#drop();
    for (const [connection, { phase, heardMs, sinceMs }] of [...this.#connections]) {
      const silent = phase === "up" && now - heardMs >= this.#options.silenceMs;
      if (silent || (phase === "greeting" && now - sinceMs >= GREETING_MS)) this.#part(connection);
    }
    this.#lookForOld();
    this.#dialIfNeeded();
  }

  // ---- dialling

  #dialLater(): void {
    const waitMs = Math.min(RETRY_MS.first * 2 ** this.#failures++, RETRY_MS.most);
    this.#dialAtMs = this.#now + waitMs;
    // The next tick may be a long way off, for one whose leader is gone.
    this.#self.after(waitMs, { type: "tick" });
  }

  #dialIfNeeded(): void {
    if (this.#old || this.#dialling || !(this.#wanted || this.#evidence.isClaimed)) return;
    // Who claims to be an old node's is no reason not to look for it where it is to be found.
    for (const { phase } of this.#connections.values()) if (phase !== "claimed") return;
    if (this.#evidence.awaitsProbe || this.#now < this.#dialAtMs) return;
    this.#dialling = true;
    const { ownId, peer } = this.#options;
    const { self } = this.#self;
    this.#self.spawn(
      `dial-${++this.#children}`,
      dialer<DialledFrame, LinkConnectionCommand>({
        address: peer.address,
        frames: dialledFrames,
        session: (connection) => new DialledSession(connection, ownId, self),
        reconnect: false,
        connectTimeoutMs: DIAL_MS,
        down: ({ wasUp, reason }) => {
          if (!wasUp) self.tell({ type: "dial-failed", refused: isRefusal(reason) });
        },
      }),
      { onFailure: stop() },
    );
  }

  // ---- old nodes

  #lookForOld(): void {
    if (!this.#old && !this.#isUp) {
      const greeted = this.#first("greeting")?.[1];
      const proof = this.#evidence.proof(this.#now, greeted?.sinceMs);
      if (proof !== undefined) this.#becomeOld(proof);
    }
    this.#probeIfNeeded();
  }

  /** Asks for the list of names: an old node shows by the answer that it is one, and that it is there. */
  #probeIfNeeded(): void {
    if (this.#probing || this.#isUp || this.#now < this.#probeAtMs) return;
    const needed = this.#old
      ? this.#wanted
      : this.#evidence.wantsProbe(this.#now, this.#first("greeting")?.[1].sinceMs);
    if (!needed) return;
    this.#probing = true;
    const { self } = this.#self;
    this.#self.spawn(
      `probe-${++this.#children}`,
      listFetch({
        address: this.#options.peer.address,
        timeoutMs: PROBE_MS,
        done: (outcome) => self.tell({ type: "probed", outcome }),
      }),
      { onFailure: stop() },
    );
  }

  #probed(outcome: FetchOutcome): void {
    const now = this.#now;
    const answered = outcome.type === "fetched";
    this.#probing = false;
    this.#probeAtMs = now +
      (this.#connections.size > 0 && this.#old ? OLD_LOOK_MS.connected : OLD_LOOK_MS.alone);
    if (this.#old) {
      this.#looksFailed = answered ? 0 : this.#looksFailed + 1;
      if (this.#looksFailed > 0 && this.#looksFailed < OLD_LOOKS) this.#probeAtMs = now + OLD_LOOK_MS.alone;
      if (this.#looksFailed >= OLD_LOOKS) this.#loseOld();
      return;
    }
    if (answered) this.#evidence.answer(now);
    else {
      if (outcome.refused) this.#tellRefused();
      this.#missed();
    }
    this.#lookForOld();
    this.#dialIfNeeded();
  }

  /** The node could not be reached: so nobody can speak for it. */
  #missed(): void {
    this.#evidence.fail();
    if (this.#evidence.isClaimed) return;
    for (const [connection, { phase }] of [...this.#connections]) {
      if (phase !== "claimed") continue;
      const { id, address } = this.#options.peer;
      this.#self.log.warn(
        `Sent ${connection.remote} away: it claims to be Node ${id}, and nobody answers at ${
          formatAddress(address)
        }`,
      );
      this.#part(connection);
    }
  }

  #becomeOld(why: string): void {
    this.#old = true;
    this.#looksFailed = 0;
    this.#probeAtMs = this.#now + OLD_LOOK_MS.alone;
    this.#sayConnected(this.#evidence.isClaimed ? "accepted" : "dialled");
    this.#evidence.clear();
    for (const state of this.#connections.values()) state.phase = "old";
    this.#self.log.warn(
      `Node ${this.#id} is an old node (${why}): with it no majority is needed to lead, and a split network has two leaders`,
    );
    this.#options.owner.tell({ type: "old-up", peer: this.#id });
  }

  #loseOld(): void {
    this.#sayDisconnected();
    for (const connection of [...this.#connections.keys()]) this.#part(connection);
    this.#endOld();
  }

  #endOld(): void {
    if (!this.#old) return;
    this.#old = false;
    this.#options.owner.tell({ type: "old-down", peer: this.#id });
  }
}

/** A connection that this node dialled. */
class DialledSession implements Session<DialledFrame, LinkConnectionCommand> {
  readonly #connection: Connection<LinkConnectionCommand>;
  readonly #handle: LinkConnection;
  readonly #link: Ref<Message>;
  #greeted = false;

  constructor(connection: Connection<LinkConnectionCommand>, ownId: number, link: Ref<Message>) {
    this.#connection = connection;
    this.#handle = { actor: connection.self, remote: connection.remote };
    this.#link = link;
    connection.sendText(greeting(ownId));
    link.tell({ type: "dialled", connection: this.#handle });
  }

  frame(frame: DialledFrame): void {
    if (frame.type === "hello") {
      this.#greeted = true;
      this.#link.tell({ type: "hello", connection: this.#handle, id: frame.id });
    } else {
      this.#link.tell({ type: "received", connection: this.#handle, message: frame.message });
    }
  }

  message(command: LinkConnectionCommand): void {
    if (command.type === "say") this.#connection.sendText(command.text);
    else if (command.type === "part") this.#connection.end();
  }

  draining(): void {
    if (this.#greeted) this.#connection.sendText(encodePeerMessage({ type: "bye" }) + "\n");
  }

  closed(reason: CloseReason): void {
    const silently = reason.type === "ended" && !this.#greeted;
    this.#link.tell({ type: "closed", connection: this.#handle, silently });
  }
}
