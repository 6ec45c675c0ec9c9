/**
 * How IRC speaks of the texts of a room.
 *
 * @module
 */
import type { RoomTextName } from "../../../protocols/chat_texts.ts";
import { NUMERIC } from "./irc_numerics.ts";

/** How one text is spoken of. */
interface IrcText {
  /** What sets it, asks for it, and tells of a change. */
  readonly command: string;
  /** Numerics: that there is none, the text, and who has set it when. */
  readonly none: string;
  readonly text: string;
  readonly setBy: string;
}

/** How IRC speaks of each text. */
export const IRC_TEXTS: Readonly<Record<RoomTextName, IrcText>> = {
  topic: {
    command: "TOPIC",
    none: NUMERIC.RPL_NOTOPIC,
    text: NUMERIC.RPL_TOPIC,
    setBy: NUMERIC.RPL_TOPICWHOTIME,
  },
};
