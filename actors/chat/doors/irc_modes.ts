/**
 * `MODE`: of channels, and of the client itself.
 *
 * @module
 */
import { completeMask } from "../../../protocols/irc.ts";
import { parseChatName, sharesKey } from "../../../protocols/chat_names.ts";
import type { RoomView } from "../messages.ts";
import type { Ban, ModeChange, RoomFlag, RoomModes } from "../room_properties.ts";
import { FLAG_LETTERS } from "./irc_codec.ts";
import { type IrcClient, type IrcCommands, middle, refuse, roomName } from "./irc_client.ts";
import { NUMERIC } from "./irc_numerics.ts";
import type { Reply } from "./irc_reply.ts";

/** Changes of modes that one command may make. */
export const MAX_MODES = 20;

/** The commands of this module. */
export const MODE_COMMANDS: IrcCommands = {
  MODE: {
    minParams: 1,
    run(client, { params: [target = "", ...params] }, reply) {
      if (target.startsWith("#")) channelMode(client, target, params, reply);
      else ownMode(client, target, params[0], reply);
    },
  },
};

const FLAGS = new Map<string, RoomFlag>();
for (const flag of ["isInviteOnly", "isModerated", "isMembersOnly", "isSecret", "isTopicLocked"] as const) {
  FLAGS.set(FLAG_LETTERS[flag], flag);
}

function channelMode(client: IrcClient, channel: string, params: readonly string[], reply: Reply): void {
  const name = roomName(channel);
  if (name === null) return reply.numeric(NUMERIC.ERR_NOSUCHCHANNEL, middle(channel), "No such channel");
  const [letters] = params;
  if (letters === undefined) {
    client.member.toRoom(client.person, name, (asker) => ({ ...asker, type: "get-view" }), (answer) => {
      if (answer.type !== "view") return refuse(reply, channel, answer);
      modesReply(answer.view, answer.isMember, reply);
    });
    return;
  }
  const { changes, unknown, asksForBans } = parseModes(params);
  for (const letter of unknown) {
    reply.numeric(NUMERIC.ERR_UNKNOWNMODE, middle(letter), "is unknown mode char to me");
  }
  if (asksForBans) {
    client.member.toRoom(client.person, name, (asker) => ({ ...asker, type: "get-bans" }), (answer) => {
      if (answer.type === "bans") bansReply(answer.title, answer.bans, reply);
      else refuse(reply, channel, answer);
    });
  }
  if (changes.length === 0) return;
  const request = client.member.toRoom(
    client.person,
    name,
    (asker) => ({ ...asker, type: "change-modes", changes }),
    (answer) => {
      const isUnknownNick = answer.type === "refused" && answer.reason === "target-not-in-room";
      if (isUnknownNick) return missingTarget(client, channel, answer.detail, reply);
      refuse(reply, channel, answer);
    },
  );
  client.causes(request, reply);
}

/** Nobody of the name is on the channel: is there anybody of the name at all? */
function missingTarget(client: IrcClient, channel: string, nick: string | undefined, reply: Reply): void {
  const name = parseChatName(nick ?? "");
  const absent = () => reply.numeric(NUMERIC.ERR_NOSUCHNICK, middle(nick), "No such nick");
  if ("problem" in name) return absent();
  client.member.toNames(client.person, (asker) => ({ ...asker, type: "find", names: [name] }), (answer) => {
    if (answer.type !== "people" || answer.people.length === 0) return absent();
    refuse(reply, channel, { type: "refused", reason: "target-not-in-room", detail: name.text });
  });
}

interface ParsedModes {
  readonly changes: readonly ModeChange[];
  readonly unknown: ReadonlySet<string>;
  readonly asksForBans: boolean;
}

/** Reads `+ov-k ann bob *`. What lacks its parameter is passed over. */
function parseModes(params: readonly string[]): ParsedModes {
  const [letters = "", ...given] = params;
  const changes: ModeChange[] = [];
  const unknown = new Set<string>();
  let asksForBans = false;
  let on = true;
  for (const letter of letters) {
    if (changes.length >= MAX_MODES) break;
    if (letter === "+" || letter === "-") {
      on = letter === "+";
      continue;
    }
    const flag = FLAGS.get(letter);
    if (flag !== undefined) {
      changes.push({ type: "flag", flag, on });
      continue;
    }
    if (!"bklov".includes(letter)) {
      unknown.add(letter);
      continue;
    }
    if (letter === "l" && !on) {
      changes.push({ type: "limit" });
      continue;
    }
    const param = given.shift();
    if (param === undefined || param === "") {
      if (letter === "b") asksForBans = true;
      else if (letter === "k" && !on) changes.push({ type: "key" });
      continue;
    }
    const change = changeOf(letter, on, param);
    if (change !== null) changes.push(change);
  }
  return { changes, unknown, asksForBans };
}

function changeOf(letter: string, on: boolean, param: string): ModeChange | null {
  switch (letter) {
    case "b":
      return { type: "ban", mask: completeMask(param), on };
    case "k":
      return on ? { type: "key", key: param } : { type: "key" };
    case "l":
      return /^[1-9]\d{0,8}$/.test(param) ? { type: "limit", limit: Number(param) } : null;
    case "o":
      return { type: "operator", name: param, on };
    default:
      return { type: "voice", name: param, on };
  }
}

function modesReply(view: RoomView, isMember: boolean, reply: Reply): void {
  const { modes, title, createdMs } = view;
  reply.numeric(NUMERIC.RPL_CHANNELMODEIS, `#${title}`, ...modeWords(modes, isMember));
  reply.numeric(NUMERIC.RPL_CREATIONTIME, `#${title}`, String(Math.floor(createdMs / 1000)));
}

/** `+klnt KEY 10`; the key is for members alone. */
function modeWords(modes: RoomModes, isMember: boolean): string[] {
  const flags = [...FLAGS].filter(([, flag]) => modes[flag]).map(([letter]) => letter);
  const params: string[] = [];
  if (modes.key !== undefined) {
    flags.push("k");
    params.push(isMember ? modes.key : "*");
  }
  if (modes.limit !== undefined) {
    flags.push("l");
    params.push(String(modes.limit));
  }
  return [`+${flags.join("")}`, ...params];
}

function bansReply(title: string, bans: readonly Ban[], reply: Reply): void {
  for (const { mask, by, setMs } of bans) {
    reply.numeric(NUMERIC.RPL_BANLIST, `#${title}`, middle(mask), by, String(Math.floor(setMs / 1000)));
  }
  reply.numeric(NUMERIC.RPL_ENDOFBANLIST, `#${title}`, "End of channel ban list");
}

function ownMode(client: IrcClient, nick: string, letters: string | undefined, reply: Reply): void {
  const name = parseChatName(nick);
  if ("problem" in name || !sharesKey(name, client.person.name)) {
    return missingOrOther(client, nick, reply);
  }
  if (letters === undefined) return reply.numeric(NUMERIC.RPL_UMODEIS, ownModes(client));
  let on = true;
  let changed = "";
  let { isInvisible, isBot } = client.person;
  for (const letter of letters.slice(0, 32)) {
    if (letter === "+" || letter === "-") on = letter === "+";
    else if (letter === "i" || letter === "B") {
      const has = letter === "i" ? isInvisible : isBot;
      if (has === on) continue;
      changed += `${on ? "+" : "-"}${letter}`;
      if (letter === "i") isInvisible = on;
      else isBot = on;
    } else if (letter !== "o" || on) {
      reply.numeric(NUMERIC.ERR_UMODEUNKNOWNFLAG, "Unknown MODE flag");
    }
  }
  if (changed === "") return;
  client.become({ ...client.person, isInvisible, isBot });
  reply.server("MODE", client.person.name.text, changed);
}

function missingOrOther(client: IrcClient, nick: string, reply: Reply): void {
  const name = parseChatName(nick);
  const absent = () => reply.numeric(NUMERIC.ERR_NOSUCHNICK, middle(nick), "No such nick");
  if ("problem" in name) return absent();
  client.member.toNames(client.person, (asker) => ({ ...asker, type: "find", names: [name] }), (answer) => {
    if (answer.type !== "people" || answer.people.length === 0) return absent();
    reply.numeric(NUMERIC.ERR_USERSDONTMATCH, "Cannot change mode for other users");
  });
}

function ownModes({ person }: IrcClient): string {
  return `+${person.isInvisible ? "i" : ""}${person.isBot ? "B" : ""}`;
}
