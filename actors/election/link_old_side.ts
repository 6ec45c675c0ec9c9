/**
 * What a link does about the other side being an old node.
 *
 * @module
 */
import type { LinkConnections } from "./link_connections.ts";
import type { LinkLog } from "./link_log.ts";
import type { LinkConnection, PeerLinkOptions } from "./link_messages.ts";
import type { FetchOutcome } from "./list_fetch.ts";
import type { OldNodeWatch } from "./old_node_watch.ts";

/** What the link itself does. */
export interface LinkHooks {
  /** Asks for the list of names: an old node shows by the answer that it is one, and that it is there. */
  probe(): void;
  partFromAll(): void;
  /** The node could not be reached. */
  missed(): void;
}

/** Carries out what an {@linkcode OldNodeWatch} finds. */
export class LinkOldSide {
  readonly #options: PeerLinkOptions;
  readonly #connections: LinkConnections<LinkConnection>;
  readonly #old: OldNodeWatch;
  readonly #log: LinkLog;
  readonly #hooks: LinkHooks;

  constructor(
    options: PeerLinkOptions,
    connections: LinkConnections<LinkConnection>,
    old: OldNodeWatch,
    log: LinkLog,
    hooks: LinkHooks,
  ) {
    this.#options = options;
    this.#connections = connections;
    this.#old = old;
    this.#log = log;
    this.#hooks = hooks;
  }

  #greetedMs(): number | undefined {
    return this.#connections.inPhase("greeting").at(-1)?.[1].sinceMs;
  }

  /** It closed a greeting without a word. Of one that cannot be old that says nothing: no probe is sent. */
  greetingClosed(nowMs: number): void {
    if (this.#options.mayBeOld && !this.#old.isOld) this.#old.closeGreeting(nowMs);
  }

  /** Whether it is known by now to be old, and whether a probe is due. */
  look(nowMs: number): void {
    if (!this.#options.mayBeOld) return;
    const { isClaimed } = this.#old;
    // Who claims to be a new one is asked back first.
    const isOpen = this.#connections.isUp || this.#connections.inPhase("unproved").length > 0;
    const why = isOpen ? undefined : this.#old.judge(nowMs, this.#greetedMs());
    if (why !== undefined) this.#become(why, isClaimed);
    this.probeIfNeeded(nowMs);
  }

  #become(why: string, isClaimed: boolean): void {
    this.#log.connected(!isClaimed);
    for (const [, state] of this.#connections.all()) state.phase = "old";
    this.#log.old(why);
    const { owner, peer } = this.#options;
    owner.tell({ type: "old-up", peer: peer.id });
  }

  probeIfNeeded(nowMs: number): void {
    if (!this.#options.mayBeOld || this.#connections.isUp) return;
    if (this.#old.takeProbe(nowMs, this.#greetedMs())) this.#hooks.probe();
  }

  probed(outcome: FetchOutcome, nowMs: number, isWanted: boolean): void {
    const { owner, peer } = this.#options;
    const finding = this.#old.probed(outcome, nowMs, isWanted && this.#connections.size === 0);
    if (finding?.type === "lost") {
      this.#log.disconnected();
      this.#hooks.partFromAll();
      this.end();
    } else if (finding?.type === "missed") {
      if (finding.refused) owner.tell({ type: "refused", peer: peer.id });
      this.#hooks.missed();
    }
  }

  /** It is a new node, or somebody else is there. */
  end(isNew = false): void {
    const { owner, peer } = this.#options;
    if (this.#old.end(isNew)) owner.tell({ type: "old-down", peer: peer.id });
  }
}
