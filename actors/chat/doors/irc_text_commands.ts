/**
 * The commands of an IRC client that concern the texts of a room, such as its topic.
 *
 * @module
 */
import { ROOM_TEXT_NAMES, type RoomTextName } from "../../../protocols/chat_texts.ts";
import type { RoomView } from "../messages.ts";
import { cleanText, type IrcClient, type IrcCommands, middle, refuse, roomName } from "./irc_client.ts";
import { NUMERIC } from "./irc_numerics.ts";
import type { Reply } from "./irc_reply.ts";
import { IRC_TEXTS } from "./irc_texts.ts";

/** The commands of this module. */
export const TEXT_COMMANDS: IrcCommands = Object.fromEntries(ROOM_TEXT_NAMES.map((name) => [
  IRC_TEXTS[name].command,
  {
    minParams: 1,
    run: (client, { params: [channel = "", text] }, reply) => setOrAsk(client, name, channel, text, reply),
  },
]));

function setOrAsk(
  client: IrcClient,
  name: RoomTextName,
  channel: string,
  text: string | undefined,
  reply: Reply,
): void {
  const room = roomName(channel);
  if (room === null) return reply.numeric(NUMERIC.ERR_NOSUCHCHANNEL, middle(channel), "No such channel");
  if (text !== undefined) {
    const request = client.member.toRoom(
      client.person,
      room,
      (asker) => ({ ...asker, type: "set-text", name, text: cleanText(text) }),
      (answer) => refuse(reply, channel, answer),
    );
    return client.causes(request, reply);
  }
  client.member.toRoom(client.person, room, (asker) => ({ ...asker, type: "get-view" }), (answer) => {
    if (answer.type !== "view") return refuse(reply, channel, answer);
    const { view } = answer;
    if (view.texts[name] !== undefined) textReply(view, name, reply);
    else reply.numeric(IRC_TEXTS[name].none, `#${view.title}`, `No ${name} is set`);
  });
}

/** Says what the texts of a room are that are set. */
export function textReplies(view: RoomView, reply: Reply): void {
  for (const name of ROOM_TEXT_NAMES) textReply(view, name, reply);
}

function textReply({ title, texts }: RoomView, name: RoomTextName, reply: Reply): void {
  const known = texts[name];
  if (known === undefined) return;
  const { text, setBy } = IRC_TEXTS[name];
  reply.text(text, `#${title}`, known.text);
  reply.numeric(setBy, `#${title}`, known.by, String(Math.floor(known.setMs / 1000)));
}
