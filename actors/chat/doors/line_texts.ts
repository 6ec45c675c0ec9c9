/**
 * What line clients read: the events of a room, and answers of more than one line.
 *
 * @module
 */
import { formatChatEvent } from "../../../protocols/chat.ts";
import type { RoomTextName } from "../../../protocols/chat_texts.ts";
import { withoutFormatting } from "../../../protocols/irc.ts";
import { assertNever } from "../../runtime/mod.ts";
import type { EventCodec, RoomEvent, RoomView } from "../messages.ts";

const encoder = new TextEncoder();
const NOTHING = new Uint8Array();

/** What each line client reads of an event that is somebody else's. */
export const LINES: EventCodec = {
  encode({ happening }: RoomEvent): Uint8Array {
    const line = lineOf(happening);
    return line === null ? NOTHING : encoder.encode(`${line}\n`);
  },
};

function lineOf(happening: RoomEvent["happening"]): string | null {
  const name = happening.person.name.text;
  switch (happening.type) {
    case "joined":
      return formatChatEvent({ type: "joined", name });
    case "parted":
    case "quit":
      return formatChatEvent({ type: "left", name });
    case "kicked":
      return formatChatEvent({
        type: "kicked",
        name,
        by: happening.by.name.text,
        reason: happening.reason ?? "",
      });
    case "said":
      if (happening.kind === "tags") return null;
      return formatChatEvent({
        type: happening.kind === "action" ? "did" : "said",
        name,
        text: withoutFormatting(happening.text),
      });
    case "renamed":
      return formatChatEvent({ type: "renamed", name, to: happening.to.name.text });
    case "text":
      return formatChatEvent({ type: "room-text", name, what: happening.name, text: happening.text.text });
    case "modes":
    case "away":
    case "invited":
      return null;
    default:
      assertNever(happening);
  }
}

/** A member, in a list of them. */
export function shownName({ person, isAway }: RoomView["members"][number]): string {
  return isAway ? `${person.name.text} (away)` : person.name.text;
}

/** What a command such as `/topic` answers that is given no text. */
export function roomTextLine({ title, texts }: RoomView, what: RoomTextName): string {
  const known = texts[what];
  return known === undefined
    ? `${title} has no ${what}.`
    : formatChatEvent({ type: "room-text", name: known.by, what, text: known.text });
}

/** What stands above the lines of a history. */
export function historyTitle(room: string, lines: number): string {
  if (lines === 0) return `Nothing was said in ${room} yet.`;
  return lines === 1 ? `The last line of ${room}:` : `The last ${lines} lines of ${room}:`;
}
