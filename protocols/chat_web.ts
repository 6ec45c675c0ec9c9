/**
 * What the chat's page and its server say to each other: one JSON object a WebSocket message.
 *
 * @module
 */
import { withoutMark } from "./_byte_order_mark.ts";
import { ofEachText, type RoomTextName } from "./chat_texts.ts";

/** What a page asks. `tag`, where there is one, comes back with the answer. */
export type ChatWebCommand =
  /** Takes a name, the first or another one. */
  | { readonly type: "name"; readonly name: string }
  /**
   * Goes into a room. With `after`, the number of the last thing heard there, what was missed since comes
   * with the answer.
   */
  | { readonly type: "join"; readonly room: string; readonly after?: string }
  | { readonly type: "leave"; readonly room: string }
  | {
    readonly type: "say";
    readonly room: string;
    readonly text: string;
    readonly action: boolean;
    readonly tag: string;
  }
  | { readonly type: "private"; readonly to: string; readonly text: string; readonly tag: string }
  /** Sets a text of the room. */
  | { readonly type: RoomTextName; readonly room: string; readonly text: string }
  | { readonly type: "kick"; readonly room: string; readonly name: string }
  | { readonly type: "away"; readonly text: string }
  | { readonly type: "rooms" };

/** Somebody in a room. */
export interface ChatWebMember {
  /** As others see it. */
  readonly name: string;
  /** Leads the room. */
  readonly operator: boolean;
  /** Has said that it is away. */
  readonly away: boolean;
}

/** Something said, now or before. */
export interface ChatWebSaid {
  /** Unlike any other's. */
  readonly id: string;
  /** Milliseconds since 1970; 0 where it is not known. */
  readonly time: number;
  /** Who said it. */
  readonly name: string;
  /** How: an action is told of in the third person. */
  readonly kind: "message" | "action" | "notice";
  /** One line, visible. */
  readonly text: string;
}

/** What a page is told. */
export type ChatWebEvent =
  /** The page has this name now. */
  | { readonly type: "named"; readonly name: string }
  /** A command was refused; `tag` where it had one. */
  | {
    readonly type: "refused";
    readonly command: ChatWebCommand["type"];
    readonly reason: string;
    readonly tag?: string;
  }
  | Readonly<Record<RoomTextName, string>> & {
    readonly type: "room";
    readonly room: string;
    readonly members: readonly ChatWebMember[];
    /**
     * What was said before, oldest first: all of it that is kept, or what came after the number that was
     * named.
     */
    readonly history: readonly ChatWebSaid[];
  }
  | { readonly type: "said"; readonly room: string; readonly said: ChatWebSaid; readonly tag?: string }
  | { readonly type: "joined"; readonly room: string; readonly member: ChatWebMember }
  | { readonly type: "left"; readonly room: string; readonly name: string; readonly how: string }
  | { readonly type: "renamed"; readonly room: string; readonly name: string; readonly to: string }
  /** Somebody has set a text of the room. */
  | { readonly type: RoomTextName; readonly room: string; readonly name: string; readonly text: string }
  | { readonly type: "away"; readonly room: string; readonly name: string; readonly away: boolean }
  | {
    readonly type: "operators";
    readonly room: string;
    readonly changes: readonly { readonly name: string; readonly operator: boolean }[];
  }
  /** This page is no longer in the room. */
  | { readonly type: "out"; readonly room: string; readonly why: string }
  /** `with` is the other one, whoever of both said it. */
  | { readonly type: "private"; readonly with: string; readonly said: ChatWebSaid; readonly tag?: string }
  | { readonly type: "invited"; readonly room: string; readonly by: string }
  | { readonly type: "rooms"; readonly rooms: readonly { readonly room: string; readonly members: number }[] }
  /** The server stops: the page may come back in a moment. */
  | { readonly type: "stopping" };

/** Why a command is refused that came over the rate: it may be sent again in a moment. */
export const SLOW_DOWN = "slow down";

/** The fields of each command: those that are texts, and those that may be missing. */
const FIELDS: Readonly<Record<ChatWebCommand["type"], readonly string[]>> = {
  name: ["name"],
  join: ["room"],
  leave: ["room"],
  say: ["room", "text", "tag"],
  private: ["to", "text", "tag"],
  ...ofEachText(() => ["room", "text"]),
  kick: ["room", "name"],
  away: ["text"],
  rooms: [],
};

/**
 * Reads a message of a page; `null` when it is not a command.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseChatWebCommand } from "@troupe/actors/protocols/chat-web";
 *
 * assertEquals(parseChatWebCommand('{"type":"join","room":"lobby"}'), { type: "join", room: "lobby" });
 * assertEquals(parseChatWebCommand('{"type":"join"}'), null);
 * ```
 */
export function parseChatWebCommand(text: string): ChatWebCommand | null {
  let value: unknown;
  try {
    value = JSON.parse(withoutMark(text));
  } catch {
    return null;
  }
  return isCommand(value) ? value : null;
}

function isCommand(value: unknown): value is ChatWebCommand {
  if (typeof value !== "object" || value === null || !("type" in value)) return false;
  const { type } = value;
  if (typeof type !== "string" || !Object.hasOwn(FIELDS, type)) return false;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  const names = Object.entries(FIELDS).find(([name]) => name === type)?.[1] ?? [];
  if (!names.every((name) => typeof fields[name] === "string")) return false;
  if (type === "join" && fields["after"] !== undefined && typeof fields["after"] !== "string") return false;
  return type !== "say" || typeof fields["action"] === "boolean";
}
