/**
 * The commands by which an IRC client says something: `PRIVMSG`, `NOTICE`, `TAGMSG`.
 *
 * @module
 */
import { type IrcMessage, visibleIrcText } from "../../../protocols/irc.ts";
import type { SpeechKind } from "../history_entry.ts";
import type { PrivateMessage } from "../messages.ts";
import { fitsOneMessage } from "./irc_codec.ts";
import {
  findPeople,
  type IrcClient,
  type IrcCommands,
  listItems,
  middle,
  refuse,
  roomName,
} from "./irc_client.ts";
import { NUMERIC } from "./irc_numerics.ts";
import type { Reply } from "./irc_reply.ts";

/** The most targets of one message. */
export const MAX_TARGETS = 4;

/** The commands of this module. */
export const SPEECH_COMMANDS: IrcCommands = {
  PRIVMSG: { flows: true, run: (client, message, reply) => speak(client, message, reply, "message") },
  NOTICE: { flows: true, run: (client, message, reply) => speak(client, message, reply, "notice") },
  TAGMSG: { flows: true, run: (client, message, reply) => speak(client, message, reply, "tags") },
};

/** A tag that clients pass on to each other (IRCv3 `message-tags`). */
const CLIENT_TAG = /^\+(?:[\w.-]+\/)?[\w-]+$/;

interface Spoken {
  readonly kind: SpeechKind;
  readonly text: string;
  readonly tags: readonly (readonly [string, string])[];
}

function speak(
  client: IrcClient,
  message: IrcMessage,
  reply: Reply,
  said: "message" | "notice" | "tags",
): void {
  const [targets, text = ""] = message.params;
  // An automatic answer must never be answered.
  const isQuiet = said === "notice";
  if (targets === undefined || targets === "") {
    if (!isQuiet) reply.numeric(NUMERIC.ERR_NORECIPIENT, `No recipient given (${message.command})`);
    return;
  }
  if (said === "tags" && !client.capabilities.has("message-tags")) {
    return reply.numeric(NUMERIC.ERR_UNKNOWNCOMMAND, message.command, "Unknown command");
  }
  if (said !== "tags" && text === "") {
    if (!isQuiet) reply.numeric(NUMERIC.ERR_NOTEXTTOSEND, "No text to send");
    return;
  }
  const spoken = spokenOf(client, message, said, text);
  if (said !== "tags") client.member.spoke();
  for (const target of new Set(listItems(targets).slice(0, MAX_TARGETS))) {
    const [, prefix = "", channel] = /^([@+]?)(#.*)$/s.exec(target) ?? [];
    if (channel === undefined) speakTo(client, target, spoken, reply);
    else speakIn(client, channel, prefix, spoken, reply);
  }
}

function spokenOf(client: IrcClient, message: IrcMessage, said: SpeechKind, text: string): Spoken {
  const tags = message.tags.size > 0 && client.capabilities.has("message-tags")
    ? [...message.tags].filter(([key]) => CLIENT_TAG.test(key))
    : [];
  // deno-lint-ignore no-control-regex -- CTCP's mark
  const [, action] = /^\x01ACTION (.*?)\x01?$/s.exec(text) ?? [];
  if (said === "message" && action !== undefined) {
    return { kind: "action", text: visibleIrcText(action), tags };
  }
  return { kind: said, text: visibleIrcText(text), tags };
}

/** Says so where a text is too long to reach others whole: a client cuts what it knows the length of. */
function isTooLong(client: IrcClient, target: string, { kind, text }: Spoken, reply: Reply): boolean {
  if (kind === "tags" || fitsOneMessage(client.person, target, kind, text)) return false;
  reply.numeric(NUMERIC.ERR_INPUTTOOLONG, "Input line was too long");
  return true;
}

function speakIn(client: IrcClient, channel: string, prefix: string, spoken: Spoken, reply: Reply): void {
  // As its members are told it, the name need not be taken apart again for each line.
  const name = client.member.titled(channel.slice(1))?.name ?? roomName(channel);
  if (name === null) {
    if (spoken.kind !== "notice") {
      reply.numeric(NUMERIC.ERR_NOSUCHCHANNEL, middle(channel), "No such channel");
    }
    return;
  }
  if (isTooLong(client, `${prefix}${channel}`, spoken, reply)) return;
  const onlyFor = prefix === "" ? {} : { onlyFor: prefix === "@" ? "operators" : "voices" } as const;
  const request = client.member.toRoom(
    client.person,
    name,
    (asker) => ({ ...asker, type: "say", ...spoken, ...onlyFor }),
    (answer) => {
      if (spoken.kind !== "notice") refuse(reply, channel, answer);
    },
  );
  client.causes(request, reply);
}

function speakTo(client: IrcClient, nick: string, spoken: Spoken, reply: Reply): void {
  findPeople(client, [nick], ([found]) => {
    if (found === undefined) {
      if (spoken.kind !== "notice") reply.numeric(NUMERIC.ERR_NOSUCHNICK, middle(nick), "No such nick");
      return;
    }
    const { person, away } = found;
    if (isTooLong(client, person.name.text, spoken, reply)) return;
    const message: PrivateMessage = {
      type: "private",
      from: client.person,
      to: person.name.text,
      ...spoken,
      id: client.nextMessageId(),
      timeMs: client.context.world.clock.now(),
    };
    person.member.tell(message);
    if (client.capabilities.has("echo-message")) reply.add(client.codec.privately(message));
    if (away !== undefined && spoken.kind === "message") {
      reply.numeric(NUMERIC.RPL_AWAY, person.name.text, away);
    }
  });
}
