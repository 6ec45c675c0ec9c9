/**
 * What the members of a server want of a room, in its order.
 *
 * @module
 */
import { randomName } from "../../cluster/names.ts";
import type { Ref } from "../../runtime/mod.ts";
import type { World } from "../../world/world.ts";
import type { Asker, MemberMessage, RoomCommand } from "../messages.ts";
import type { RoomDeed } from "../room_rules.ts";
import type { ServerGone } from "./census.ts";
import type { ServerLife } from "./registry.ts";

/** What changes a room. */
export type Deed = RoomDeed<Ref<MemberMessage>>;

/** A command that only reads, answered from what this server knows. */
export type Look = Extract<RoomCommand, { readonly type: "get-view" | "get-bans" }>;

/** A request to the entity. */
export type Work =
  | {
    readonly type: "batch";
    readonly deeds: readonly Deed[];
    readonly operationId: string;
    /** Grows from one batch of this server to the next. */
    readonly number: number;
  }
  | { readonly type: "give-up"; readonly server: ServerLife; readonly operationId: string }
  | { readonly type: "history"; readonly command: Extract<RoomCommand, { readonly type: "get-history" }> };

interface Waiting {
  readonly command: RoomCommand | ServerGone;
  /** When it is refused, in monotonic milliseconds. */
  readonly expiresAtMs: number;
}

/** What was not sent by then is refused. */
const EXPIRES_MS = 12_000;
/** Commands of one batch, and UTF-16 units of their texts. */
const MAX_BATCH = 200;
const MAX_BATCH_LENGTH = 128 * 1024;

/** Commands that wait for their turn. */
export class RoomQueue {
  /** Whose batches the entity tells from those of others. */
  readonly sender: string;
  readonly #world: Pick<World, "clock" | "random">;
  #waiting: Waiting[] = [];
  #lastNumber = 0;

  constructor(world: Pick<World, "clock" | "random">) {
    this.#world = world;
    this.sender = randomName(world.random);
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** The next command. */
  get first(): RoomCommand | ServerGone | undefined {
    return this.#waiting[0]?.command;
  }

  /** Adds a command. */
  add(command: RoomCommand | ServerGone): void {
    this.#waiting.push({ command, expiresAtMs: this.#world.clock.monotonic() + EXPIRES_MS });
  }

  /** Removes commands that have waited for too long, except those that must be carried out. */
  expired(): Asker[] {
    const [oldest] = this.#waiting;
    if (oldest === undefined) return [];
    const nowMs = this.#world.clock.monotonic();
    if (oldest.expiresAtMs >= nowMs) return [];
    const isLate = ({ command, expiresAtMs }: Waiting) => "request" in command && expiresAtMs < nowMs;
    const late = this.#waiting.filter(isLate);
    this.#waiting = this.#waiting.filter((waiting) => !isLate(waiting));
    return late.flatMap(({ command }) => "request" in command ? [command] : []);
  }

  /** Takes what is only looked at, where it is next. `isBack` says who never knew that it was out. */
  takeLook(isBack: (deed: Deed) => boolean): Look | Deed | undefined {
    const { first } = this;
    if (first === undefined || first.type === "get-history" || first.type === "server-gone") return undefined;
    if (!isLook(first) && !isBack(first)) return undefined;
    this.#waiting.shift();
    return first;
  }

  /** Takes what the entity is to be asked next: of those who are `isLost`, only that they go. */
  takeWork(isBack: (deed: Deed) => boolean, isLost: (deed: Deed) => boolean): Work | undefined {
    const { first } = this;
    if (first === undefined) return undefined;
    if (first.type === "get-history" || first.type === "server-gone") {
      this.#waiting.shift();
      return first.type === "get-history"
        ? { type: "history", command: first }
        : { type: "give-up", server: first.server, operationId: randomName(this.#world.random) };
    }
    const deeds: Deed[] = [];
    for (let length = 0; deeds.length < MAX_BATCH && length < MAX_BATCH_LENGTH;) {
      const command = this.first;
      if (command === undefined || command.type === "get-history" || command.type === "server-gone") break;
      if (isLook(command) || isBack(command)) break;
      this.#waiting.shift();
      if (!isLost(command)) deeds.push(command);
      length += "text" in command ? command.text.length : 0;
    }
    return this.#batch(deeds);
  }

  #batch(deeds: readonly Deed[]): Work {
    const number = ++this.#lastNumber;
    return { type: "batch", deeds, operationId: `${this.sender}-${number}`, number };
  }

  /** Takes all that changes the room: nobody waits for an answer any more. */
  takeLast(): Work {
    const deeds = this.#waiting.flatMap(({ command }) =>
      command.type === "server-gone" || command.type === "get-history" || isLook(command) ? [] : [command]
    );
    this.#waiting = [];
    return this.#batch(deeds);
  }
}

function isLook(command: RoomCommand): command is Look {
  return command.type === "get-view" || command.type === "get-bans";
}
