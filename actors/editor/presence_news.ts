/**
 * Tells the clients of a document who else is there.
 *
 * @module
 */
import { type AwarenessEntry, encodeYMessage } from "../../protocols/y_sync.ts";
import type { Ref } from "../runtime/mod.ts";
import type { ActorTools } from "./actor_tools.ts";
import type { CollaboratorEvent } from "./collaboration_events.ts";
import { Presence } from "./presence.ts";

/** States of others are told at most this often, and fewer times when there is much of them. */
const PRESENCE_MS = 30;
const PRESENCE_BYTES_PER_MS = 256;
/** Who says for so long not who they are is told of the others all the same. */
const SHY_MS = 500;
/** That nobody else is there. */
const NOBODY = encodeYMessage({ type: "awareness", entries: [] });

type Member = Ref<CollaboratorEvent>;

/** Who is there, told in time. */
export class PresenceNews {
  readonly #tools: ActorTools;
  readonly #members: ReadonlyMap<Member, string>;
  readonly #presence: Presence<Member>;
  /**
   * Who was told of nobody yet. A client that has come back is not told of the state that its connection
   * before has left: it would take that, with the higher clock, for its own.
   */
  readonly #newcomers = new Set<Member>();
  /** Who has asked for all states since they were last told. */
  readonly #askers = new Set<Member>();
  #isPlanned = false;
  #pauseMs = PRESENCE_MS;
  #isOver = false;

  /** @param members all clients, kept by the caller */
  constructor(tools: ActorTools, members: ReadonlyMap<Member, string>) {
    this.#tools = tools;
    this.#members = members;
    this.#presence = new Presence({
      now: () => tools.world.clock.now(),
      send: (member, frame) => member.tell({ type: "send", frame }),
    });
  }

  /** A client has come. */
  join(member: Member): void {
    this.#newcomers.add(member);
    this.#tools.later(SHY_MS, () => this.#welcome(member));
  }

  /** Takes what a client says of itself. Gives a reason to close it, or undefined. */
  update(member: Member, entries: readonly AwarenessEntry[]): string | undefined {
    const reason = this.#presence.update(member, entries);
    if (reason === undefined) {
      this.#welcome(member);
      // A provider of y-websocket that hears nothing for 30 s takes its connection for lost.
      if (this.#members.size === 1) this.#askers.add(member);
    }
    this.#plan();
    return reason;
  }

  /** A client wants to know who is there. */
  ask(member: Member): void {
    this.#askers.add(member);
    this.#plan();
  }

  /** A client has left. */
  leave(member: Member): void {
    this.#newcomers.delete(member);
    this.#askers.delete(member);
    this.#presence.leave(member);
    this.#plan();
  }

  /** The name that a client goes by. */
  nameOf(member: Member): string | undefined {
    return this.#presence.nameOf(member);
  }

  close(): void {
    this.#isOver = true;
  }

  #welcome(member: Member): void {
    if (this.#isOver || !this.#newcomers.delete(member)) return;
    const frame = this.#presence.others(member);
    if (frame !== undefined) member.tell({ type: "send", frame });
  }

  #plan(): void {
    const isNeeded = this.#presence.hasChanged || this.#askers.size > 0;
    if (this.#isPlanned || !isNeeded) return;
    this.#isPlanned = true;
    this.#tools.later(this.#pauseMs, () => {
      this.#isPlanned = false;
      if (!this.#isOver) this.#tell();
    });
  }

  #tell(): void {
    const known = [...this.#members.keys()].filter((member) => !this.#newcomers.has(member));
    const bytes = this.#presence.flush(known);
    this.#pauseMs = Math.max(PRESENCE_MS, bytes / PRESENCE_BYTES_PER_MS);
    // Also who is alone is answered: by that it knows that its connection is alive.
    for (const member of this.#askers) {
      member.tell({ type: "send", frame: this.#presence.others(member) ?? NOBODY });
    }
    this.#askers.clear();
  }
}
