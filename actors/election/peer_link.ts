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
  | { readonly type: "probed"; readonly outcome: FetchOutcome["type"] | "refused" }
  | { readonly type: "tick" };

const TICK_MS = 100;
/** Between two attempts to dial. */
const RETRY_MS = { first: 50, most: 400 };
/** A connection that lasted so long counts as a success. */
const SETTLED_MS = 1000;
/** How long a greeting may stay unanswered until the node is asked for its list, to see whether it is an old one. */
const ANSWER_MS = 1000;
/** How long after the list the answer to the greeting may still come. */
const LATE_ANSWER_MS = 500;
/** After so long a connection that never got an answer is given up for a new one. */
const GREETING_MS = 5000;
/** Between two looks whether an old node that holds no connection is still there; two that fail are enough. */
const OLD_LOOK_MS = 1000;
const OLD_LOOKS = 2;
/** The other side of a dropped link may not know the leader yet, and would dial at once. */
const DROP_MS = 300;
/** More connections than this at once is somebody's mischief. */
const MAX_CONNECTIONS = 8;

/** Keeps the connections with one node: dials while the link is wanted, takes what the other dials, and finds out whether it is an old node. */
export function peerLink(options: PeerLinkOptions): Behavior<PeerLinkCommand> {
  const behavior: Behavior<Message> = (self) => {
    const link = new PeerLink(self, options);
    self.every(TICK_MS, { type: "tick" });
    return (message) => link.receive(message);
  };
  // Its own messages are its own: nobody else can name them.
  return behavior as Behavior<PeerLinkCommand>;
}

interface ConnectionState {
  readonly direction: "dialled" | "accepted";
  /** Greeted and not answered yet; up; or an old node's. */
  phase: "greeting" | "up" | "old";
  readonly sinceMs: number;
  heardMs: number;
}

class PeerLink {
  readonly #self: Context<Message>;
  readonly #options: PeerLinkOptions;
  readonly #id: number;
  readonly #connections = new Map<LinkConnection, ConnectionState>();
  #wanted = false;
  #dropAtMs = Infinity;
  #dials = 0;
  #dialling = false;
  #failures = 0;
  #dialAtMs = 0;
  #old = false;
  #probing = false;
  #probeAtMs = 0;
  /** When the last probe was answered, while a greeting is not. */
  #probeAnsweredMs = Infinity;
  /** How many greetings in a row the other side has closed without a word. */
  #closedGreetings = 0;
  #looksFailed = 0;

  constructor(self: Context<Message>, options: PeerLinkOptions) {
    this.#self = self;
    this.#options = options;
    this.#id = options.peer.id;
  }

  receive(message: Message): void {
    const now = this.#now;
    switch (message.type) {
      case "want":
        this.#wanted = message.wanted;
        if (!message.wanted) return;
        this.#dropAtMs = Infinity;
        this.#failures = 0;
        this.#dialAtMs = now;
        this.#dialIfNeeded();
        return;
      case "drop":
        if (this.#connections.size > 0) this.#dropAtMs = now + DROP_MS;
        return;
      case "say":
        this.#say(message.message);
        return;
      case "accepted":
        this.#accept(message.connection, message.old);
        return;
      case "dialled":
        this.#dialling = false;
        this.#connections.set(message.connection, {
          direction: "dialled",
          phase: this.#old ? "old" : "greeting",
          sinceMs: now,
          heardMs: now,
        });
        return;
      case "dial-failed":
        this.#dialling = false;
        this.#dialLater();
        if (message.refused) this.#options.owner.tell({ type: "refused", peer: this.#id });
        return;
      case "hello":
        this.#welcome(message.connection, message.id);
        return;
      case "received": {
        const state = this.#connections.get(message.connection);
        if (state?.phase !== "up") return;
        state.heardMs = now;
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

  get #isUp(): boolean {
    for (const state of this.#connections.values()) if (state.phase === "up") return true;
    return false;
  }

  #say(message: PeerMessage): void {
    for (const [connection, state] of this.#connections) {
      if (state.phase !== "up") continue;
      connection.actor.tell({ type: "say", text: encodePeerMessage(message) + "\n" });
      return;
    }
  }

  #accept(connection: LinkConnection, old: boolean): void {
    const { ownId } = this.#options;
    const { log } = this.#self;
    if (old && this.#isUp) {
      log.warn(
        `Ignored a connection from ${connection.remote} that claims to be Node ${this.#id}, which is linked already`,
      );
      connection.actor.tell({ type: "part" });
      return;
    }
    if (this.#connections.size >= MAX_CONNECTIONS) {
      // With the answer, so that this node is not taken for an old one.
      if (!old) connection.actor.tell({ type: "say", text: greetingAnswer(ownId) });
      connection.actor.tell({ type: "part" });
      return;
    }
    connection.actor.tell({ type: "adopt", link: this.#self.self });
    const now = this.#now;
    const wasUp = this.#isUp;
    this.#connections.set(connection, {
      direction: "accepted",
      phase: old ? "old" : "up",
      sinceMs: now,
      heardMs: now,
    });
    log.plain(`Node ${ownId} connected with Node ${this.#id}.`);
    if (old) {
      this.#becomeOld("it dialled as old nodes do");
      return;
    }
    connection.actor.tell({ type: "say", text: greetingAnswer(ownId) });
    if (!wasUp) this.#becomeUp();
  }

  #welcome(connection: LinkConnection, id: number): void {
    const state = this.#connections.get(connection);
    if (state?.direction !== "dialled" || state.phase === "up") return;
    const { ownId, peer } = this.#options;
    if (id !== peer.id) {
      this.#self.log.warn(`Node ${id} is at ${formatAddress(peer.address)}, where Node ${peer.id} should be`);
      connection.actor.tell({ type: "part" });
      return;
    }
    const wasUp = this.#isUp;
    state.phase = "up";
    state.heardMs = this.#now;
    this.#self.log.plain(`Node ${ownId} connected to Node ${peer.id}.`);
    if (!wasUp) this.#becomeUp();
  }

  #forgetDoubts(): void {
    this.#probeAnsweredMs = Infinity;
    this.#closedGreetings = 0;
  }

  #becomeUp(): void {
    this.#forgetDoubts();
    this.#endOld();
    this.#options.owner.tell({ type: "link-up", peer: this.#id });
  }

  #becomeOld(why: string): void {
    this.#looksFailed = 0;
    if (this.#old) return;
    this.#old = true;
    this.#self.log.warn(
      `Node ${this.#id} is an old node (${why}): with it, no majority is needed to lead, and a split network has two leaders`,
    );
    this.#options.owner.tell({ type: "old-up", peer: this.#id });
  }

  #endOld(): void {
    if (!this.#old) return;
    this.#old = false;
    this.#options.owner.tell({ type: "old-down", peer: this.#id });
  }

  #closed(connection: LinkConnection, silently = false): void {
    const state = this.#connections.get(connection);
    if (state === undefined) return;
    this.#connections.delete(connection);
    const now = this.#now;
    if (state.phase === "old") this.#probeAtMs = now + OLD_LOOK_MS;
    if (state.phase === "up" && !this.#isUp) {
      this.#sayDisconnected();
      this.#options.owner.tell({ type: "link-down", peer: this.#id });
    }
    if (state.phase !== "greeting" && now - state.sinceMs >= SETTLED_MS) {
      // Whether anybody still listens there is worth knowing at once.
      this.#failures = 0;
      this.#dialAtMs = now;
    } else this.#dialLater();
    if (silently && state.phase === "greeting") {
      // An old node of few words; or a process that is dying, which closes its connections before its listener.
      this.#closedGreetings++;
      if (this.#closedGreetings > 1 && this.#probeAnsweredMs !== Infinity) this.#provedOld();
      this.#probeAtMs = this.#dialAtMs;
      this.#probeIfNeeded();
    }
    this.#dialIfNeeded();
  }

  #sayDisconnected(): void {
    this.#self.log.plain(`Node ${this.#options.ownId} disconnected from Node ${this.#id}.`);
  }

  #tick(): void {
    const now = this.#now;
    if (now >= this.#dropAtMs) this.#drop();
    for (const [connection, state] of this.#connections) {
      const silent = state.phase === "up" && now - state.heardMs >= this.#options.silenceMs;
      if (silent || (state.phase === "greeting" && now - state.sinceMs >= GREETING_MS)) {
        connection.actor.tell({ type: "part" });
        this.#closed(connection);
      }
    }
    this.#probeIfNeeded();
    this.#dialIfNeeded();
  }

  #drop(): void {
    this.#dropAtMs = Infinity;
    const connected = [...this.#connections.values()].some(({ phase }) => phase !== "greeting");
    if (connected && !this.#isUp) this.#sayDisconnected();
    for (const connection of [...this.#connections.keys()]) {
      connection.actor.tell({ type: "part" });
      this.#closed(connection);
    }
  }

  #dialLater(): void {
    this.#dialAtMs = this.#now + Math.min(RETRY_MS.first * 2 ** this.#failures++, RETRY_MS.most);
  }

  #dialIfNeeded(): void {
    if (!this.#wanted || this.#old || this.#dialling || this.#connections.size > 0) return;
    // A node that closes greetings without a word is greeted again once it has answered a probe.
    const doubtful = this.#closedGreetings > 0 && this.#probeAnsweredMs === Infinity;
    if (doubtful || this.#now < this.#dialAtMs) return;
    this.#dialling = true;
    const { ownId, peer } = this.#options;
    this.#self.spawn(
      `dial-${++this.#dials}`,
      dialer<DialledFrame, LinkConnectionCommand>({
        address: peer.address,
        frames: dialledFrames,
        session: (connection) => new DialledSession(connection, ownId, this.#self.self),
        reconnect: false,
        connectTimeoutMs: GREETING_MS / 5,
        down: (down) => {
          if (!down.wasUp) this.#self.self.tell({ type: "dial-failed", refused: isRefusal(down.reason) });
        },
      }),
      { onFailure: stop() },
    );
  }

  /** Whether the other node answers a `SEND`: how an old node shows that it is one, and that it is there. */
  #probeIfNeeded(): void {
    if (this.#probing || this.#now < this.#probeAtMs || !this.#probeIsNeeded()) return;
    this.#probing = true;
    this.#self.spawn(
      `probe-${++this.#dials}`,
      listFetch({
        address: this.#options.peer.address,
        timeoutMs: ANSWER_MS,
        done: (outcome) => {
          const refused = outcome.type === "not-fetched" && outcome.refused;
          this.#self.self.tell({ type: "probed", outcome: refused ? "refused" : outcome.type });
        },
      }),
      { onFailure: stop() },
    );
  }

  #probeIsNeeded(): boolean {
    if (this.#old) return this.#wanted && this.#connections.size === 0;
    const waiting = this.#waitingGreeting();
    if (waiting === undefined) {
      return this.#wanted && this.#closedGreetings > 0 && this.#probeAnsweredMs === Infinity;
    }
    if (this.#probeAnsweredMs === Infinity) return this.#now - waiting.sinceMs >= ANSWER_MS;
    // It has answered, and is given some time yet for the greeting that came before.
    const answeredLong = this.#now - Math.max(this.#probeAnsweredMs, waiting.sinceMs) >= LATE_ANSWER_MS;
    if (answeredLong) this.#provedOld();
    return false;
  }

  #waitingGreeting(): ConnectionState | undefined {
    return [...this.#connections.values()].find(({ phase }) => phase === "greeting");
  }

  #probed(outcome: FetchOutcome["type"] | "refused"): void {
    const now = this.#now;
    const answered = outcome === "fetched";
    this.#probing = false;
    this.#probeAtMs = now + OLD_LOOK_MS;
    if (this.#old) {
      this.#looksFailed = answered ? 0 : this.#looksFailed + 1;
      if (this.#looksFailed < OLD_LOOKS) return;
      this.#sayDisconnected();
      this.#endOld();
      return;
    }
    this.#probeAnsweredMs = answered && !this.#isUp ? now : Infinity;
    this.#probeAtMs = now;
    if (!answered) this.#closedGreetings = 0;
    if (outcome === "refused") this.#options.owner.tell({ type: "refused", peer: this.#id });
  }

  #provedOld(): void {
    this.#forgetDoubts();
    for (const state of this.#connections.values()) if (state.phase === "greeting") state.phase = "old";
    this.#self.log.plain(`Node ${this.#options.ownId} connected to Node ${this.#id}.`);
    this.#becomeOld("it answers SEND, and no greeting");
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
