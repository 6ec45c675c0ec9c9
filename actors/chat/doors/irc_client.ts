/**
 * What the commands of an IRC client work with.
 *
 * @module
 */
import { type ChatName, parseChatName } from "../../../protocols/chat_names.ts";
import { type IrcMessage, truncateBytes, visibleIrcText } from "../../../protocols/irc.ts";
import type { SessionContext } from "../../net/mod.ts";
import type { Member } from "../member.ts";
import type { Answer, MemberMessage, Person, PersonStatus, Refusal } from "../messages.ts";
import { NUMERIC } from "./irc_numerics.ts";
import type { IrcCodec } from "./irc_codec.ts";
import type { Reply } from "./irc_reply.ts";

/** The capabilities of IRCv3 that this door has. */
export const CAPABILITIES = [
  "away-notify",
  "batch",
  "draft/chathistory",
  "echo-message",
  "extended-join",
  "invite-notify",
  "labeled-response",
  "message-tags",
  "multi-prefix",
  "server-time",
  "userhost-in-names",
] as const;

/** The longest topic, reason and away message, in bytes. */
export const MAX_TEXT_BYTES = 390;

/** A capability of IRCv3. */
export type Capability = typeof CAPABILITIES[number];

/** The server, as its clients are told of it. */
export interface IrcServerInfo {
  readonly name: string;
  readonly network: string;
  readonly version: string;
  readonly createdMs: number;
  readonly motd: readonly string[];
}

/** One client that has a name, as its commands see it. */
export interface IrcClient {
  readonly server: IrcServerInfo;
  readonly context: SessionContext<MemberMessage>;
  readonly member: Member;
  readonly person: Person;
  readonly capabilities: ReadonlySet<Capability>;
  readonly codec: IrcCodec;
  readonly monitored: Map<string, ChatName>;
  /** The address that the client came from: for itself alone. */
  readonly address: string;
  /** The events with this number belong to the answer. */
  causes(request: number, reply: Reply): void;
  nextMessageId(): string;
  nextBatch(): string;
  /** Has another person of the same name: with another flag. */
  become(person: Person): void;
  /** Says goodbye and closes. */
  quit(reason: string | undefined): void;
}

/** A command of a client that has a name. */
export interface IrcCommand {
  /** Parameters that it must have, else 461. @default 0 */
  readonly minParams?: number;
  /** It need not wait until what was said before has been passed on. @default false */
  readonly flows?: boolean;
  run(client: IrcClient, message: IrcMessage, reply: Reply): void;
}

/** Commands by name. */
export type IrcCommands = Readonly<Record<string, IrcCommand>>;

/** The room that a channel's name means: `#lobby` is `lobby`. `null` when it is not the name of one. */
export function roomName(channel: string): ChatName | null {
  // A trailing parameter may have spaces, which would be dropped, and could not be repeated in an answer.
  if (!channel.startsWith("#") || channel.includes(" ")) return null;
  const name = parseChatName(channel.slice(1));
  return "keys" in name ? name : null;
}

/** A nick as a name; `null` when it cannot be one. */
export function nickName(nick: string): ChatName | null {
  const name = parseChatName(nick);
  return "keys" in name && name.text === nick ? name : null;
}

/** The items of a list such as `#a,#b`. */
export function listItems(text: string | undefined): string[] {
  return (text ?? "").split(",").filter((item) => item !== "");
}

/** What somebody types as the name of something, as it may stand in the middle of an answer. */
export function middle(text: string | undefined): string {
  return text === undefined || text === "" || text.startsWith(":") || text.includes(" ") ? "*" : text;
}

/** A text of a limited length for people to read: a topic, a reason. */
export function cleanText(text: string): string {
  return truncateBytes(visibleIrcText(text), MAX_TEXT_BYTES);
}

/** Finds people by their nicks, those that are there. */
export function findPeople(
  client: IrcClient,
  nicks: readonly string[],
  then: (people: readonly PersonStatus[]) => void,
): void {
  const names = nicks.flatMap((nick) => {
    const name = nickName(nick);
    return name === null ? [] : [name];
  });
  client.member.toNames(client.person, (asker) => ({ ...asker, type: "find", names }), (answer) => {
    then(answer.type === "people" ? answer.people : []);
  });
}

/** Answers a refusal that concerns a channel. */
export function refuse(reply: Reply, channel: string, answer: Answer): void {
  if (answer.type !== "refused") return;
  const [code, text] = REFUSALS[answer.reason];
  const { detail } = answer;
  switch (answer.reason) {
    case "target-not-in-room":
      return reply.numeric(code, middle(detail), channel, text);
    case "already-in-room":
      return reply.numeric(code, middle(detail), channel, text);
    case "bad-mask":
      return reply.numeric(code, channel, "b", middle(detail), text);
    case "ban-list-full":
      return reply.numeric(code, channel, middle(detail), text);
    case "name-taken":
    case "no-such-person":
      return reply.numeric(code, middle(detail), text);
    case "bad-mode-argument":
      return reply.numeric(code, channel, text);
    default:
      return reply.numeric(code, channel, text);
  }
}

const REFUSALS: Readonly<Record<Refusal, readonly [string, string]>> = {
  "name-taken": [NUMERIC.ERR_NICKNAMEINUSE, "Nickname is already in use"],
  "no-such-person": [NUMERIC.ERR_NOSUCHNICK, "No such nick"],
  "no-such-room": [NUMERIC.ERR_NOSUCHCHANNEL, "No such channel"],
  "bad-room-name": [NUMERIC.ERR_NOSUCHCHANNEL, "No such channel"],
  "not-in-room": [NUMERIC.ERR_NOTONCHANNEL, "You're not on that channel"],
  "target-not-in-room": [NUMERIC.ERR_USERNOTINCHANNEL, "They aren't on that channel"],
  "already-in-room": [NUMERIC.ERR_USERONCHANNEL, "is already on channel"],
  "not-operator": [NUMERIC.ERR_CHANOPRIVSNEEDED, "You're not channel operator"],
  "banned": [NUMERIC.ERR_BANNEDFROMCHAN, "Cannot join channel (+b)"],
  "invite-only": [NUMERIC.ERR_INVITEONLYCHAN, "Cannot join channel (+i)"],
  "bad-key": [NUMERIC.ERR_BADCHANNELKEY, "Cannot join channel (+k)"],
  "full": [NUMERIC.ERR_CHANNELISFULL, "Cannot join channel (+l)"],
  "cannot-send": [NUMERIC.ERR_CANNOTSENDTOCHAN, "Cannot send to channel"],
  "bad-mask": [NUMERIC.ERR_INVALIDMODEPARAM, "Invalid ban mask"],
  "ban-list-full": [NUMERIC.ERR_BANLISTFULL, "Channel list is full"],
  "too-many-rooms": [NUMERIC.ERR_TOOMANYCHANNELS, "You have joined too many channels"],
  "bad-mode-argument": [NUMERIC.ERR_INVALIDKEY, "Key is not well-formed"],
  "unavailable": [NUMERIC.ERR_UNAVAILRESOURCE, "Channel is temporarily unavailable"],
};
