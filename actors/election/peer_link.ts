/**
 * All connections with one other node, as one link: `protocols/peer_link.ts` has the rules.
 *
 * @module
 */
import type { LinkMessage, PeerMessage } from "../../protocols/election_messages.ts";
import { type DialledFrame, dialledFrames } from "../../protocols/peer_link.ts";
import { visibleText } from "../../protocols/visible_text.ts";
import { dialer, formatAddress } from "../net/mod.ts";
import {
  assertNever,
  type Behavior,
  type Context,
  type Ref,
  stop,
  withPrivateMessages,
} from "../runtime/mod.ts";
import { DialSchedule } from "./dial_schedule.ts";
import { type DialledEvent, DialledSession } from "./dialled_session.ts";
import { type ConnectionState, LinkConnections } from "./link_connections.ts";
import {
  isLinkMessage,
  type LinkConnection,
  type LinkConnectionCommand,
  type LinkConnectionEvent,
  type PeerLinkCommand,
  type PeerLinkEvent,
} from "./link_messages.ts";
import { type FetchOutcome, isRefusal, listFetch } from "./list_fetch.ts";
import type { PeerNode } from "./nodes.ts";
import { OccasionalWarnings } from "./occasional_warnings.ts";
import { OldNodeWatch } from "./old_node_watch.ts";

/** Options of {@linkcode peerLink}. */
export interface PeerLinkOptions {
  /** This node. */
  readonly ownId: number;
  /** The other node. */
  readonly peer: PeerNode;
  /** Silence after which a link is given up. */
  readonly silenceMs: number;
  /** Shared by all new nodes, if anything is. */
  readonly secret: Uint8Array | undefined;
  /** Whether the other one is taken for an old node when it is proved to be one. */
  readonly mayBeOld: boolean;
  /** Told what happens. */
  readonly owner: Ref<PeerLinkEvent>;
}

type Message =
  | PeerLinkCommand
  | LinkConnectionEvent
  | DialledEvent
  | { readonly type: "dial-failed"; readonly refused: boolean }
  | { readonly type: "probed"; readonly outcome: FetchOutcome }
  | { readonly type: "tick" };

const TICK_MS = 100;
/** How long an attempt to dial may take. */
const DIAL_MS = 1000;
/** A connection that lasted so long counts as a success. */
const SETTLED_MS = 1000;
/** So many dialled connections may wait for an answer at once. */
const MAX_DIALS = 3;
/** How long a connection may take until both sides are proved. */
const PROOF_MS = 5000;
/** A proved connection on which a claim is not answered for so long may be dead: the node is dialled anew. */
const CLAIM_MS = 300;
/** How long the answer to a probe may take. */
const PROBE_MS = 1000;
/** The other side of a dropped link may not know the leader yet, and would dial at once. */
const DROP_MS = 300;
/** So many connections may wait, each for its proof or to be found an old node's: who answers at the address has them decided at once. */
const MAX_WAITING = 8;

/** Keeps the connections with one node: dials while the link is wanted, takes what the other dials, and finds out whether it is an old node. */
export function peerLink(options: PeerLinkOptions): Behavior<PeerLinkCommand> {
  return withPrivateMessages<PeerLinkCommand, Message>((self) => {
    const link = new PeerLink(self, options);
    options.owner.tell({ type: "link-started", peer: options.peer.id });
    self.every(TICK_MS, { type: "tick" });
    return (message) => link.receive(message);
  });
}

/** A claim that cannot be answered before a greeting is. */
interface Postponed {
  readonly connection: LinkConnection;
  readonly nonce: string;
}

class PeerLink {
  readonly #self: Context<Message>;
  readonly #options: PeerLinkOptions;
  readonly #id: number;
  readonly #warnings: OccasionalWarnings;
  readonly #connections: LinkConnections<LinkConnection>;
  readonly #dial = new DialSchedule();
  readonly #old = new OldNodeWatch();
  /** What came on a connection before it was proved: one message, since it is not read any further. */
  readonly #held = new Map<LinkConnection, PeerMessage>();
  #postponed: Postponed[] = [];
  #wanted = false;
  #dropAtMs = Infinity;
  /** When the other side was last asked who dialled. */
  #claimedMs = -Infinity;
  /** Children are numbered. */
  #children = 0;

  constructor(self: Context<Message>, options: PeerLinkOptions) {
    this.#self = self;
    this.#options = options;
    this.#id = options.peer.id;
    this.#warnings = new OccasionalWarnings(self.log, self.world.clock);
    this.#connections = new LinkConnections(options.ownId < options.peer.id);
  }

  receive(message: Message): void {
    switch (message.type) {
      case "want":
        this.#want(message.wanted);
        return;
      case "drop":
        if (this.#connections.size > 0 && !this.#wanted) {
          this.#dropAtMs = Math.min(this.#dropAtMs, this.#now + DROP_MS);
        }
        return;
      case "say":
        this.#say(this.#connections.counting(), message.message);
        return;
      case "accepted":
        this.#accept(message.connection, message.old, message.nonce);
        return;
      case "dialled":
        this.#dial.isDialling = false;
        this.#connections.add(message.connection, true, "greeting", this.#now);
        this.#old.greet();
        this.#probeIfNeeded();
        return;
      case "dial-failed":
        this.#dial.isDialling = false;
        this.#dialLater();
        if (message.refused) this.#tellRefused();
        this.#missed();
        return;
      case "hello":
        this.#answered(message.connection, message.id, message.nonce);
        return;
      case "unproved":
        this.#warnings.warn("secret", `Node ${this.#id} at ${this.#address} does not know the secret`);
        this.#dial.muchLater(this.#now);
        return;
      case "received":
        this.#received(message.connection, message.message);
        return;
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

  get #address(): string {
    return formatAddress(this.#options.peer.address);
  }

  #want(wanted: boolean): void {
    this.#wanted = wanted;
    if (!wanted) return;
    this.#dropAtMs = Infinity;
    this.#dial.hasten(this.#now);
    this.#dialIfNeeded();
  }

  #say(connection: LinkConnection | undefined, message: PeerMessage): void {
    connection?.actor.tell({ type: "say", message });
  }

  // ---- connections that others dial

  #accept(connection: LinkConnection, old: boolean, nonce: string): void {
    if (old && !this.#options.mayBeOld) {
      this.#sendAway(connection, "old", "it greets as an old node, and is not one of --old-nodes");
      return;
    }
    if (old && this.#connections.isUp) {
      this.#sendAway(connection, "linked", `it claims to be Node ${this.#id}, which is linked`);
      return;
    }
    const waiting = this.#waiting();
    if (waiting.length >= MAX_WAITING) {
      this.#sendAway(connection, "many", `${waiting.length} others claim to be Node ${this.#id}`);
      return;
    }
    connection.actor.tell({ type: "adopt", link: this.#self.self });
    const phase = !old ? "unproved" : this.#old.isOld ? "old" : "claimed";
    this.#connections.add(connection, false, phase, this.#now, nonce);
    if (phase === "unproved") this.#askBack();
    else if (phase === "claimed") this.#old.claim();
    this.#dial.hasten(this.#now);
    this.#dialIfNeeded();
    // It may have been dialled a moment ago, before it was there.
    this.#self.after(DialSchedule.shortestMs, { type: "tick" });
  }

  #waiting(): [LinkConnection, ConnectionState][] {
    return [...this.#connections.inPhase("unproved"), ...this.#connections.inPhase("claimed")];
  }

  /** `kind` is the kind of warning, each of which is said once in a while. */
  #sendAway(connection: LinkConnection, kind: string, why: string): void {
    this.#warnings.warn(kind, `Sent ${connection.remote} away: ${why}`);
    this.#say(connection, { type: "rejected", why });
    this.#part(connection);
  }

  /** Asks, where the node is to be found, whether it was it that dialled. */
  #askBack(): void {
    const [proved] = [...this.#connections.inPhase("up"), ...this.#connections.inPhase("answered")].reverse();
    if (proved === undefined) return;
    for (const [, { nonce }] of this.#connections.inPhase("unproved")) {
      this.#claimedMs = this.#now;
      this.#say(proved[0], { type: "claim", nonce });
    }
  }

  // ---- what comes

  #received(connection: LinkConnection, message: PeerMessage): void {
    const state = this.#connections.get(connection);
    if (state === undefined) return;
    if (isLinkMessage(message)) {
      this.#receivedOfLink(connection, state, message);
      connection.actor.tell({ type: "go-on" });
      return;
    }
    if (state.phase === "unproved") {
      this.#held.set(connection, message);
      return;
    }
    if (state.phase === "answered") this.#becomeUp(connection, state);
    if (state.phase !== "up") return;
    state.heardMs = this.#now;
    this.#options.owner.tell({ type: "said", peer: this.#id, message, from: connection.actor });
    this.#partFromSurplus();
  }

  #receivedOfLink(connection: LinkConnection, state: ConnectionState, message: LinkMessage): void {
    const isBelieved = state.phase === "up" || state.phase === "answered";
    switch (message.type) {
      case "claim":
        this.#answerClaim(connection, message.nonce);
        return;
      case "claimed":
        if (isBelieved) this.#claimed(message.nonce, message.yours);
        return;
      case "welcome":
        if (state.phase === "answered") this.#becomeUp(connection, state);
        return;
      case "rejected":
        if (!isBelieved) return;
        this.#warnings.warn(
          "rejected",
          `Node ${this.#id} does not take this node: ${visibleText(message.why)}`,
        );
        this.#dial.muchLater(this.#now);
        return;
      default:
        assertNever(message);
    }
  }

  #answerClaim(connection: LinkConnection, nonce: string): void {
    const dialled = this.#connections.all().filter(([, state]) => state.isDialled);
    const yours = dialled.some(([, state]) => state.nonce === nonce);
    const mayCome = this.#dial.isDialling || dialled.some(([, { phase }]) => phase === "greeting");
    if (yours || !mayCome || this.#postponed.length >= MAX_WAITING) {
      this.#say(connection, { type: "claimed", nonce, yours });
    } else this.#postponed.push({ connection, nonce });
  }

  #answerPostponed(): void {
    const postponed = this.#postponed;
    this.#postponed = [];
    for (const { connection, nonce } of postponed) {
      if (this.#connections.get(connection) !== undefined) this.#answerClaim(connection, nonce);
    }
  }

  #claimed(nonce: string, yours: boolean): void {
    const [connection, state] = this.#connections.byNonce(nonce) ?? [];
    if (connection === undefined || state?.phase !== "unproved") return;
    if (!yours) {
      const why =
        `it says that it is Node ${this.#id}, and Node ${this.#id} at ${this.#address} says that it is not`;
      this.#sendAway(connection, "denied", why);
      return;
    }
    this.#becomeUp(connection, state);
    const held = this.#held.get(connection);
    this.#held.delete(connection);
    if (held !== undefined) this.#received(connection, held);
  }

  /** The node that is to be found at the address has answered the greeting. */
  #answered(connection: LinkConnection, id: number, nonce: string): void {
    const state = this.#connections.get(connection);
    if (state === undefined) return;
    if (id !== this.#id) {
      this.#warnings.warn(
        "misplaced",
        `Node ${id} answers at ${this.#address}, where Node ${this.#id} should be: the lists of nodes differ`,
      );
      this.#endOld();
      this.#part(connection);
      this.#missed();
      this.#dial.muchLater(this.#now);
      return;
    }
    state.phase = "answered";
    state.nonce = nonce;
    this.#endOld(true);
    for (const [pretender] of this.#connections.inPhase("claimed")) {
      this.#sendAway(pretender, "linked", `it claims to be Node ${this.#id}, which is linked`);
    }
    this.#answerPostponed();
    this.#askBack();
  }

  #becomeUp(connection: LinkConnection, state: ConnectionState): void {
    const wasUp = this.#connections.isUp;
    state.phase = "up";
    this.#endOld(true);
    if (!wasUp) {
      // Where both have dialled, that of the lower ID will count.
      const others = this.#connections.all().some(([, { isDialled }]) => isDialled !== state.isDialled);
      const isDialled = others ? this.#options.ownId < this.#id : state.isDialled;
      this.#sayConnected(isDialled);
      this.#options.owner.tell({ type: "link-up", peer: this.#id });
    }
    this.#say(connection, { type: "welcome" });
    this.#partFromSurplus();
  }

  #partFromSurplus(): void {
    if (this.#connections.size === 1) return;
    for (const connection of this.#connections.surplus()) this.#part(connection);
  }

  // ---- ends of connections

  #closed(connection: LinkConnection, silently = false): void {
    const state = this.#connections.remove(connection);
    this.#held.delete(connection);
    if (state === undefined) return;
    const now = this.#now;
    if (state.phase === "up" && !this.#connections.isUp) {
      this.#sayDisconnected();
      this.#options.owner.tell({ type: "link-down", peer: this.#id });
    }
    if (state.phase === "old") this.#old.lookSoon(now);
    if (state.phase === "up" && now - state.sinceMs >= SETTLED_MS) this.#dial.now(now);
    else if (state.isDialled) this.#dialLater();
    if (state.phase === "greeting") {
      if (silently && !this.#old.isOld) this.#old.closeGreeting(now);
      this.#answerPostponed();
    }
    this.#lookForOld();
    this.#dialIfNeeded();
  }

  #part(connection: LinkConnection): void {
    connection.actor.tell({ type: "part" });
    this.#closed(connection);
  }

  #partFromAll(connections: readonly [LinkConnection, ConnectionState][]): void {
    for (const [connection] of connections) this.#part(connection);
  }

  #drop(): void {
    this.#dropAtMs = Infinity;
    if (this.#old.isOld) this.#sayDisconnected();
    // Who waits to be proved wants the link.
    this.#partFromAll(this.#connections.all().filter(([, { phase }]) => phase !== "unproved"));
  }

  #sayConnected(isDialled: boolean): void {
    const how = isDialled ? "to" : "with";
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
    if (this.#connections.isUp && now - this.#connections.heardMs() >= this.#options.silenceMs) {
      this.#partFromAll(this.#connections.inPhase("up"));
    }
    for (const [connection, { phase, sinceMs }] of this.#connections.all()) {
      if (phase === "up" || phase === "old" || phase === "claimed" || now - sinceMs < PROOF_MS) continue;
      if (phase === "unproved") {
        this.#sendAway(
          connection,
          "unconfirmed",
          `it says that it is Node ${this.#id}, and nobody confirms it at ${this.#address}`,
        );
      } else this.#part(connection);
    }
    this.#lookForOld();
    this.#dialIfNeeded();
  }

  // ---- dialling

  #dialLater(): void {
    const waitMs = this.#dial.later(this.#now);
    // The next tick may be a long way off, for one whose leader is gone.
    this.#self.after(waitMs, { type: "tick" });
  }

  #dialIfNeeded(): void {
    const now = this.#now;
    if (this.#old.isOld || this.#old.awaitsProbe || !this.#dial.mayDial(now)) return;
    const isUp = this.#connections.isUp;
    const underWay = this.#connections.all().filter(([, { isDialled, phase }]) =>
      isDialled && phase !== "up"
    );
    // A claim that nobody answers on the connections that there are is asked on a new one; a greeting may be lost.
    const asksBack = this.#connections.inPhase("unproved").length > 0 && now - this.#claimedMs >= CLAIM_MS;
    if (underWay.length === 0) {
      if (!asksBack && !this.#old.isClaimed && (!this.#wanted || isUp)) return;
    } else {
      const isRecent = underWay.some(([, { sinceMs }]) => now - sinceMs < CLAIM_MS);
      if (isRecent || underWay.length >= MAX_DIALS || !(asksBack || this.#old.wantsGreeting)) return;
    }
    this.#dial.begin(now);
    const { ownId, peer, secret } = this.#options;
    const { self } = this.#self;
    this.#self.spawn(
      `dial-${++this.#children}`,
      dialer<DialledFrame, LinkConnectionCommand>({
        address: peer.address,
        frames: dialledFrames,
        session: (connection) => new DialledSession(connection, { ownId, secret, link: self }),
        reconnect: false,
        connectTimeoutMs: DIAL_MS,
        down: ({ wasUp, reason }) => {
          if (!wasUp) self.tell({ type: "dial-failed", refused: isRefusal(reason) });
        },
      }),
      { onFailure: stop() },
    );
  }

  /** The node could not be reached: so nobody can speak for it. */
  #missed(): void {
    this.#old.fail();
    const why = `it claims to be Node ${this.#id}, and nobody answers at ${this.#address}`;
    for (const [connection, { phase }] of this.#waiting()) {
      if (phase === "unproved" || !this.#old.isClaimed) this.#sendAway(connection, "missed", why);
    }
    this.#answerPostponed();
  }

  // ---- old nodes

  #greetedMs(): number | undefined {
    return this.#connections.inPhase("greeting").at(-1)?.[1].sinceMs;
  }

  #lookForOld(): void {
    if (!this.#options.mayBeOld) return;
    const { isClaimed } = this.#old;
    // Who claims to be a new one is asked back first.
    const isOpen = this.#connections.isUp || this.#connections.inPhase("unproved").length > 0;
    const why = isOpen ? undefined : this.#old.judge(this.#now, this.#greetedMs());
    if (why !== undefined) this.#becomeOld(why, isClaimed);
    this.#probeIfNeeded();
  }

  #becomeOld(why: string, isClaimed: boolean): void {
    this.#sayConnected(!isClaimed);
    for (const [connection, state] of this.#connections.all()) {
      if (state.phase === "unproved") this.#sendAway(connection, "old", `Node ${this.#id} is an old node`);
      else state.phase = "old";
    }
    this.#self.log.warn(
      `Node ${this.#id} is an old node (${why}): with it no majority is needed to lead, and a split network has two leaders`,
    );
    this.#options.owner.tell({ type: "old-up", peer: this.#id });
  }

  /** Asks for the list of names: an old node shows by the answer that it is one, and that it is there. */
  #probeIfNeeded(): void {
    if (!this.#options.mayBeOld || this.#connections.isUp) return;
    if (!this.#old.takeProbe(this.#now, this.#wanted, this.#greetedMs())) return;
    const { self } = this.#self;
    this.#self.spawn(
      `probe-${++this.#children}`,
      listFetch({
        address: this.#options.peer.address,
        timeoutMs: PROBE_MS,
        mayBeOld: true,
        done: (outcome) => self.tell({ type: "probed", outcome }),
      }),
      { onFailure: stop() },
    );
  }

  #probed(outcome: FetchOutcome): void {
    const finding = this.#old.probed(outcome, this.#now, this.#connections.size > 0);
    if (finding?.type === "lost") {
      this.#sayDisconnected();
      this.#partFromAll(this.#connections.all());
      this.#endOld();
    } else if (finding?.type === "missed") {
      if (finding.refused) this.#tellRefused();
      this.#missed();
    }
    this.#lookForOld();
    this.#dialIfNeeded();
  }

  #endOld(isNew = false): void {
    if (this.#old.end(isNew)) this.#options.owner.tell({ type: "old-down", peer: this.#id });
  }
}
