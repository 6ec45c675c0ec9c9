/**
 * What is said on a chat room's wire: a name first, then one line a message, and what the server makes of it.
 *
 * @module
 */
import { MAX_NAME_CHARACTERS } from "./chat_names.ts";
import { isRoomTextName, ROOM_TEXTS, type RoomTextName } from "./chat_texts.ts";
import { visibleText } from "./visible_text.ts";

/** The room that everybody is in at first. */
export const LOBBY = "lobby";

/** The most lines that `/history` gives. */
export const MAX_HISTORY_LINES = 50;

/** How the answer to a refused name begins. The next line is taken as another try. */
export const LOGIN_REFUSED = "Error: Cannot log in";

/** The answer to lines that come too fast. */
export const SLOW_DOWN = "Error: slow down";

/** What a member means with a line. */
export type ChatInput =
  | { readonly type: "empty" }
  | { readonly type: "say"; readonly text: string }
  | { readonly type: "me"; readonly text: string }
  | { readonly type: "msg"; readonly to: string; readonly text: string }
  | { readonly type: "join"; readonly room: string }
  | { readonly type: "history"; readonly lines: number }
  | { readonly type: "nick"; readonly name: string }
  /** Without a text it asks. */
  | { readonly type: "room-text"; readonly name: RoomTextName; readonly text: string }
  /** Without a text the member is back. */
  | { readonly type: "away"; readonly text: string }
  | { readonly type: "kick"; readonly name: string; readonly reason: string }
  | { readonly type: "invite" | "op" | "ban" | "unban"; readonly name: string }
  | { readonly type: "who" }
  | { readonly type: "rooms" }
  | { readonly type: "help" }
  | { readonly type: "quit" }
  /** It is not a command; the problem is for its writer. */
  | { readonly type: "bad"; readonly problem: string };

/** What `/help` answers. */
export const CHAT_HELP: readonly string[] = [
  "/who            who is in this room",
  "/me TEXT        say what you do",
  "/msg NAME TEXT  say something to one person",
  "/join ROOM      go to another room; it is made when it is not there",
  "/rooms          which rooms there are",
  `/history [N]    the last lines of this room, ${MAX_HISTORY_LINES} at most`,
  "/nick NAME      take another name",
  ...Object.entries(ROOM_TEXTS).map(([name, what]) => {
    return `${`/${name} [TEXT]`.padEnd(15)} ${what}; with a text, set it`;
  }),
  "/away [TEXT]    tell others that you are away; without a text, that you are back",
  "/invite NAME    let somebody into this room",
  "/kick NAME TEXT put somebody out of this room, as its operator",
  "/ban NAME       keep somebody out of this room, as its operator",
  "/unban NAME     let somebody in again",
  "/op NAME        make somebody an operator of this room, as one yourself",
  "/quit           leave",
  "//TEXT          say a text that begins with a slash",
];

/**
 * Reads one line of a member who has logged in.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseChatInput } from "./chat.ts";
 *
 * assertEquals(parseChatInput("hello"), { type: "say", text: "hello" });
 * assertEquals(parseChatInput("//hello"), { type: "say", text: "/hello" });
 * assertEquals(parseChatInput("/msg bob hi there"), { type: "msg", to: "bob", text: "hi there" });
 * ```
 */
export function parseChatInput(line: string): ChatInput {
  if (line.trim() === "") return { type: "empty" };
  if (line === "quit") return { type: "quit" };
  if (line.startsWith("//")) return { type: "say", text: line.slice(1) };
  if (!line.startsWith("/")) return { type: "say", text: line };
  // Cut by hand: a pattern that drops the spaces at the end takes the square of their number.
  const space = line.indexOf(" ");
  const command = line.slice(1, space < 0 ? line.length : space);
  const rest = space < 0 ? "" : line.slice(space).trim();
  switch (command) {
    case "who":
    case "rooms":
    case "help":
    case "quit":
      return { type: command };
    case "me":
      return rest === "" ? { type: "bad", problem: "/me takes a text" } : { type: "me", text: rest };
    case "join":
      return rest === ""
        ? { type: "bad", problem: "/join takes the name of a room" }
        : { type: "join", room: rest };
    case "msg": {
      const [, to = "", text = ""] = /^([^ ]+) +(.+)$/s.exec(rest) ?? [];
      return to === "" ? { type: "bad", problem: "/msg takes a name and a text" } : { type: "msg", to, text };
    }
    case "nick":
      return rest === "" ? { type: "bad", problem: "/nick takes a name" } : { type: "nick", name: rest };
    case "away":
      return { type: command, text: rest };
    case "invite":
    case "op":
    case "ban":
    case "unban":
      return rest === ""
        ? { type: "bad", problem: `/${command} takes a name` }
        : { type: command, name: rest };
    case "kick": {
      const [, name = "", reason = ""] = /^([^ ]+)(?: +(.*))?$/s.exec(rest) ?? [];
      return name === "" ? { type: "bad", problem: "/kick takes a name" } : { type: "kick", name, reason };
    }
    case "history": {
      const lines = rest === "" ? MAX_HISTORY_LINES : /^[0-9]{1,9}$/.test(rest) ? Number(rest) : 0;
      return lines === 0
        ? { type: "bad", problem: "/history takes a number of lines, 1 or more" }
        : { type: "history", lines: Math.min(lines, MAX_HISTORY_LINES) };
    }
    default: {
      if (isRoomTextName(command)) return { type: "room-text", name: command, text: rest };
      const shown = visibleText([...command].slice(0, MAX_NAME_CHARACTERS).join(""));
      return { type: "bad", problem: `there is no command /${shown}; /help names them all` };
    }
  }
}

/** Something that everybody else in a room is told. */
export type ChatEvent =
  | { readonly type: "joined"; readonly name: string }
  | { readonly type: "left"; readonly name: string }
  | { readonly type: "said"; readonly name: string; readonly text: string }
  | { readonly type: "did"; readonly name: string; readonly text: string }
  | { readonly type: "renamed"; readonly name: string; readonly to: string }
  | { readonly type: "kicked"; readonly name: string; readonly by: string; readonly reason: string }
  | {
    readonly type: "room-text";
    readonly name: string;
    readonly what: RoomTextName;
    readonly text: string;
  };

/**
 * The line that tells of an event, without a line end. Control characters in a text are made visible.
 *
 * A name has neither spaces nor colons, so that no text can pass for another kind of line.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatChatEvent } from "./chat.ts";
 *
 * assertEquals(formatChatEvent({ type: "said", name: "bob", text: "hi" }), "bob: hi");
 * assertEquals(formatChatEvent({ type: "left", name: "bob" }), "bob has left the chat.");
 * ```
 */
export function formatChatEvent(event: ChatEvent): string {
  switch (event.type) {
    case "joined":
      return `${event.name} has joined the chat.`;
    case "left":
      return `${event.name} has left the chat.`;
    case "said":
      return `${event.name}: ${visibleText(event.text)}`;
    case "did":
      return `* ${event.name} ${visibleText(event.text)}`;
    case "renamed":
      return `${event.name} is now ${event.to}.`;
    case "kicked":
      return `${event.name} was put out by ${event.by}${
        event.reason === "" ? "." : `: ${visibleText(event.reason)}`
      }`;
    case "room-text":
      return event.text === ""
        ? `${event.name} has cleared the ${event.what}.`
        : `${event.name} has set the ${event.what}: ${visibleText(event.text)}`;
  }
}

/**
 * The line that a private message is to the one it is for.
 *
 * @example
 * ```ts
 * import { formatPrivateMessage } from "@troupe/actors/protocols/chat";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatPrivateMessage("ann", "hi"), "ann (to you): hi");
 * ```
 */
export function formatPrivateMessage(from: string, text: string): string {
  return `${from} (to you): ${visibleText(text)}`;
}

/**
 * Lists of any length as lines of a readable length: `TITLE: one, two, three`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatList } from "./chat.ts";
 *
 * assertEquals(formatList("In lobby", ["ann", "bob"]), ["In lobby: ann, bob"]);
 * ```
 */
export function formatList(title: string, items: readonly string[]): string[] {
  const lines: string[] = [];
  let line = `${title}:`;
  for (const [index, item] of items.entries()) {
    if (line.length + item.length > 500) {
      lines.push(line);
      line = `${title}, more:`;
    }
    line += ` ${item}${index + 1 < items.length ? "," : ""}`;
  }
  return [...lines, line];
}
