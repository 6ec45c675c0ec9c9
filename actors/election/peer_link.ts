/**
 * All connections with one other node, as one link: `protocols/peer_link.ts` has the rules.
 *
 * @module
 */
import type { LinkMessage, PeerMessage } from "../../protocols/election_messages.ts";
import { formatAddress } from "../net/mod.ts";
import { assertNever, type Behavior, type Context, stop, withPrivateMessages } from "../runtime/mod.ts";
import { DialSchedule } from "./dial_schedule.ts";
import { type DialledEvent, linkDial } from "./dialled_session.ts";
import { CLAIM_MS, LinkClaims, MAX_WAITING } from "./link_claims.ts";
import { type ConnectionState, LinkConnections } from "./link_connections.ts";
import {
  isLinkMessage,
  type LinkConnection,
  type LinkConnectionEvent,
  type PeerLinkCommand,
  type PeerLinkOptions,
} from "./link_messages.ts";
import { type FetchOutcome, listFetch } from "./list_fetch.ts";
import { LinkLog } from "./link_log.ts";
import { LinkOldSide } from "./link_old_side.ts";
import { OldNodeWatch } from "./old_node_watch.ts";

type Message =
  | PeerLinkCommand
  | LinkConnectionEvent
  | DialledEvent
  | { readonly type: "probed"; readonly outcome: FetchOutcome }
  | { readonly type: "tick" };

const TICK_MS = 100;
/** A connection that lasted so long counts as a success. */
const SETTLED_MS = 1000;
/** So many dialled connections may wait for an answer at once. */
const MAX_DIALS = 3;
/** How long a connection may take until both sides are proved. */
const PROOF_MS = 5000;
/** How long the answer to a probe may take. */
const PROBE_MS = 1000;
/** The other side of a dropped link may not know the leader yet, and would dial at once. */
const DROP_MS = 300;

/**
 * Keeps the connections with one node: dials while the link is wanted, takes what the other dials, and finds
 * out whether it is an old node.
 */
export function peerLink(options: PeerLinkOptions): Behavior<PeerLinkCommand> {
  return withPrivateMessages<PeerLinkCommand, Message>((self) => {
    const link = new PeerLink(self, options);
    options.owner.tell({ type: "link-started", peer: options.peer.id });
    self.every(TICK_MS, { type: "tick" });
    return (message) => link.receive(message);
  });
}

class PeerLink {
  readonly #self: Context<Message>;
  readonly #options: PeerLinkOptions;
  readonly #id: number;
  readonly #log: LinkLog;
  readonly #connections: LinkConnections<LinkConnection>;
  readonly #claims: LinkClaims;
  readonly #dial = new DialSchedule();
  readonly #old = new OldNodeWatch();
  readonly #oldSide: LinkOldSide;
  /** What came on a connection before it was proved: one message, since it is not read any further. */
  readonly #held = new Map<LinkConnection, PeerMessage>();
  #wanted = false;
  #dropAtMs = Infinity;
  /** Children are numbered. */
  #children = 0;

  constructor(self: Context<Message>, options: PeerLinkOptions) {
    this.#self = self;
    this.#options = options;
    this.#id = options.peer.id;
    this.#log = new LinkLog(self, options);
    this.#connections = new LinkConnections(options.ownId < options.peer.id);
    this.#claims = new LinkClaims(this.#connections);
    this.#oldSide = new LinkOldSide(options, this.#connections, this.#old, this.#log, {
      probe: () => this.#probe(),
      partFromAll: () => this.#partFromAll(this.#connections.all()),
      missed: () => this.#missed(),
    });
  }

  receive(message: Message): void {
    switch (message.type) {
      case "want":
        return this.#want(message.wanted);
      case "drop":
        if (this.#connections.size === 0 || this.#wanted) return;
        this.#dropAtMs = Math.min(this.#dropAtMs, this.#now + DROP_MS);
        return;
      case "say":
        return this.#say(this.#connections.counting(), message.message);
      case "accepted":
        return this.#accept(message.connection, message.old, message.nonce);
      case "dialled":
        this.#dial.isDialling = false;
        this.#connections.add(message.connection, true, "greeting", this.#now);
        this.#old.greet();
        this.#oldSide.probeIfNeeded(this.#now);
        return;
      case "dial-failed":
        this.#dial.isDialling = false;
        this.#dialLater();
        if (message.refused) this.#options.owner.tell({ type: "refused", peer: this.#id });
        this.#missed();
        return;
      case "hello":
        return this.#answered(message);
      case "unproved":
        this.#log.unproved();
        this.#dial.muchLater(this.#now);
        return;
      case "received":
        return this.#received(message.connection, message.message);
      case "closed":
        return this.#closed(message.connection, message.silently);
      case "probed":
        this.#oldSide.probed(message.outcome, this.#now, this.#wanted);
        this.#oldSide.look(this.#now);
        this.#dialIfNeeded();
        return;
      case "tick":
        return this.#tick();
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
    if (phase === "unproved") this.#claims.ask(this.#now, nonce);
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
    this.#log.away(kind, connection.remote, why);
    this.#say(connection, { type: "rejected", why });
    this.#part(connection);
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
        this.#claims.answer(connection, message.nonce, this.#dial.isDialling);
        return;
      case "claimed":
        if (isBelieved) this.#claimed(message.nonce, message.yours);
        return;
      case "welcome":
        if (state.phase === "answered") this.#becomeUp(connection, state);
        return;
      case "rejected":
        if (!isBelieved) return;
        this.#log.rejected(message.why);
        this.#dial.muchLater(this.#now);
        return;
      default:
        assertNever(message);
    }
  }

  #claimed(nonce: string, yours: boolean): void {
    const [connection, state] = this.#connections.byNonce(nonce) ?? [];
    if (connection === undefined || state?.phase !== "unproved") return;
    if (!yours) {
      const why = `it says that it is Node ${this.#id}, and the one at ${this.#address} says that it is not`;
      this.#sendAway(connection, "denied", why);
      return;
    }
    this.#becomeUp(connection, state);
    const held = this.#held.get(connection);
    this.#held.delete(connection);
    if (held !== undefined) this.#received(connection, held);
  }

  /** The node that is to be found at the address has answered the greeting. */
  #answered({ connection, id, nonce, nodes }: DialledEvent & { readonly type: "hello" }): void {
    const state = this.#connections.get(connection);
    if (state === undefined) return;
    if (id !== this.#id || (nodes !== "" && nodes !== this.#options.nodes)) {
      this.#log.misplaced(id, nodes);
      this.#oldSide.end();
      this.#part(connection);
      this.#missed();
      this.#dial.muchLater(this.#now);
      return;
    }
    state.phase = "answered";
    state.nonce = nonce;
    this.#oldSide.end(true);
    this.#partFromAll(this.#connections.inPhase("old"));
    for (const [pretender] of this.#connections.inPhase("claimed")) {
      this.#sendAway(pretender, "linked", `it claims to be Node ${this.#id}, which is linked`);
    }
    this.#claims.answerPostponed(this.#dial.isDialling);
    this.#claims.ask(this.#now);
  }

  #becomeUp(connection: LinkConnection, state: ConnectionState): void {
    const wasUp = this.#connections.isUp;
    state.phase = "up";
    this.#oldSide.end(true);
    if (!wasUp) {
      // Where both have dialled, that of the lower ID will count.
      const others = this.#connections.all().some(([, { isDialled }]) => isDialled !== state.isDialled);
      const isDialled = others ? this.#options.ownId < this.#id : state.isDialled;
      this.#log.connected(isDialled);
      this.#options.owner.tell({ type: "link-up", peer: this.#id });
    }
    this.#say(connection, { type: "welcome" });
    this.#partFromSurplus();
  }

  #partFromSurplus(): void {
    for (const connection of this.#connections.surplus(this.#now)) this.#part(connection);
  }

  // ---- ends of connections

  #closed(connection: LinkConnection, silently = false): void {
    const state = this.#connections.remove(connection);
    this.#held.delete(connection);
    if (state === undefined) return;
    const now = this.#now;
    if (state.phase === "up" && !this.#connections.isUp) {
      this.#log.disconnected();
      this.#options.owner.tell({ type: "link-down", peer: this.#id });
    }
    if (state.phase === "old") this.#old.lookSoon(now);
    if (state.phase === "up" && now - state.sinceMs >= SETTLED_MS) this.#dial.now(now);
    else if (state.isDialled) this.#dialLater();
    if (state.phase === "greeting") {
      if (silently) this.#oldSide.greetingClosed(now);
      this.#claims.answerPostponed(this.#dial.isDialling);
    }
    this.#oldSide.look(this.#now);
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
    if (this.#old.isOld) this.#log.disconnected();
    // Who waits to be proved wants the link.
    this.#partFromAll(this.#connections.all().filter(([, { phase }]) => phase !== "unproved"));
  }

  #tick(): void {
    const now = this.#now;
    this.#log.flush();
    this.#partFromSurplus();
    if (now >= this.#dropAtMs) this.#drop();
    if (this.#connections.isUp && now - this.#connections.heardMs() >= this.#options.silenceMs) {
      this.#partFromAll(this.#connections.inPhase("up"));
    }
    for (const [connection, { phase, sinceMs }] of this.#connections.all()) {
      if (phase === "up" || phase === "old" || phase === "claimed" || now - sinceMs < PROOF_MS) continue;
      if (phase === "unproved") {
        const why = `it says that it is Node ${this.#id}, and nobody confirms it at ${this.#address}`;
        this.#sendAway(connection, "unconfirmed", why);
      } else this.#part(connection);
    }
    this.#oldSide.look(this.#now);
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
    // A claim that no connection answers is asked about on a new one; a greeting may be lost.
    const asksBack = this.#claims.needConnection(now);
    // One that was held for an old node may be a new one by now, or have been one all the time.
    const isKnown = this.#old.isOld && !(asksBack && this.#old.mayBeDoubted(now));
    if (isKnown || this.#old.awaitsProbe || !this.#dial.mayDial(now)) return;
    const isUp = this.#connections.isUp;
    const underWay = this.#connections.all().filter(([, { isDialled, phase }]) =>
      isDialled && phase !== "up" && phase !== "old"
    );
    if (underWay.length === 0) {
      if (!asksBack && !this.#old.isClaimed && (!this.#wanted || isUp)) return;
    } else {
      const isRecent = underWay.some(([, { sinceMs }]) => now - sinceMs < CLAIM_MS);
      if (isRecent || underWay.length >= MAX_DIALS || !(asksBack || this.#old.wantsGreeting)) return;
    }
    this.#dial.begin(now);
    this.#old.doubt(now);
    const { peer, ownId, secret } = this.#options;
    const { self } = this.#self;
    this.#self.spawn(`dial-${++this.#children}`, linkDial(peer.address, { ownId, secret, link: self }), {
      onFailure: stop(),
    });
  }

  #probe(): void {
    const { self } = this.#self;
    const { address } = this.#options.peer;
    const done = (outcome: FetchOutcome) => self.tell({ type: "probed", outcome });
    const probe = listFetch({ address, timeoutMs: PROBE_MS, mayBeOld: true, done });
    this.#self.spawn(`probe-${++this.#children}`, probe, { onFailure: stop() });
  }

  /** The node could not be reached: so nobody can speak for it. */
  #missed(): void {
    this.#old.fail();
    const why = `it claims to be Node ${this.#id}, and nobody answers at ${this.#address}`;
    for (const [connection, { phase }] of this.#waiting()) {
      if (phase === "unproved" || !this.#old.isClaimed) this.#sendAway(connection, "missed", why);
    }
    this.#claims.answerPostponed(this.#dial.isDialling);
  }
}
