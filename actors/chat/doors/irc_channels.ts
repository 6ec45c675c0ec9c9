/**
 * The commands of an IRC client that concern channels, but for their modes.
 *
 * @module
 */
import { matchesMask } from "../../../protocols/irc.ts";
import type { RoomMember, RoomSummary, RoomView } from "../messages.ts";
import { maskOf } from "../room_state.ts";
import {
  cleanText,
  findPeople,
  type IrcClient,
  type IrcCommands,
  listItems,
  middle,
  nickName,
  refuse,
  roomName,
} from "./irc_client.ts";
import { NUMERIC } from "./irc_numerics.ts";
import type { Reply } from "./irc_reply.ts";
import { textReplies } from "./irc_text_commands.ts";

/** The most channels that one client is in at once. */
export const MAX_CHANNELS = 50;
/** The most people that one `KICK` puts out, and channels that one `NAMES` is about. */
export const MAX_KICKS = 20;

/** The commands of this module. */
export const CHANNEL_COMMANDS: IrcCommands = {
  JOIN: {
    minParams: 1,
    run(client, { params: [channels = "", keys] }, reply) {
      if (channels === "0") {
        for (const { title } of client.member.rooms) part(client, `#${title}`, undefined, reply);
        return;
      }
      const keyList = (keys ?? "").split(",");
      // Those asked for count before they are answered: one command must not go over the limit either.
      let places = MAX_CHANNELS - client.member.rooms.length;
      for (const [index, channel] of listItems(channels).entries()) {
        if (join(client, channel, { key: keyList[index] || undefined, isFull: places <= 0 }, reply)) places--;
      }
    },
  },
  PART: {
    minParams: 1,
    run(client, { params: [channels, reason] }, reply) {
      const text = reason === undefined ? undefined : cleanText(reason);
      for (const channel of listItems(channels)) part(client, channel, text || undefined, reply);
    },
  },
  NAMES: {
    run(client, { params: [channels] }, reply) {
      if (listItems(channels).length > 0) return names(client, channels ?? "", reply);
      reply.numeric(NUMERIC.RPL_ENDOFNAMES, "*", "End of /NAMES list");
    },
  },
  LIST: { run: (client, { params }, reply) => list(client, params[0], reply) },
  KICK: { minParams: 2, run: (client, { params }, reply) => kick(client, params, reply) },
  INVITE: {
    minParams: 2,
    run: (client, { params: [nick = "", channel = ""] }, reply) => invite(client, nick, channel, reply),
  },
};

/** Goes into a channel; answers whether that was asked for. */
function join(
  client: IrcClient,
  channel: string,
  { key, isFull }: { readonly key: string | undefined; readonly isFull: boolean },
  reply: Reply,
): boolean {
  const name = roomName(channel);
  if (name === null || client.member.joined(name) !== undefined) {
    if (name === null) reply.numeric(NUMERIC.ERR_NOSUCHCHANNEL, middle(channel), "No such channel");
    return false;
  }
  if (isFull) {
    reply.numeric(NUMERIC.ERR_TOOMANYCHANNELS, channel, "You have joined too many channels");
    return false;
  }
  const request = client.member.join(client.person, name, key === undefined ? {} : { key }, (answer) => {
    // Asked for twice in one command, by names that look alike.
    if (answer.type === "refused" && answer.reason === "already-in-room") return;
    if (answer.type !== "joined") return refuse(reply, channel, answer);
    const { view } = answer;
    textReplies(view, reply);
    namesReply(client, view, reply);
    reply.numeric(NUMERIC.RPL_ENDOFNAMES, `#${view.title}`, "End of /NAMES list");
  });
  client.causes(request, reply);
  return true;
}

function part(client: IrcClient, channel: string, reason: string | undefined, reply: Reply): void {
  const name = roomName(channel);
  if (name === null) return reply.numeric(NUMERIC.ERR_NOSUCHCHANNEL, middle(channel), "No such channel");
  const request = client.member.toRoom(
    client.person,
    name,
    (asker) => ({ ...asker, type: "part", ...(reason === undefined ? {} : { reason }) }),
    (answer) => refuse(reply, channel, answer),
  );
  client.causes(request, reply);
}

/** One end for all that was asked for. */
function names(client: IrcClient, channels: string, reply: Reply): void {
  const asked = listItems(channels).slice(0, MAX_KICKS);
  let missing = asked.length;
  const done = () => {
    if (--missing === 0) reply.numeric(NUMERIC.RPL_ENDOFNAMES, middle(channels), "End of /NAMES list");
  };
  for (const channel of asked) {
    const name = roomName(channel);
    if (name === null) {
      done();
      continue;
    }
    client.member.toRoom(client.person, name, (asker) => ({ ...asker, type: "get-view" }), (answer) => {
      if (answer.type === "view") {
        const { view, isMember } = answer;
        // Who does not want to be found is, by those in the same room alone.
        const members = view.members.filter(({ person }) => isMember || !person.isInvisible);
        namesReply(client, { ...view, members }, reply);
      }
      done();
    });
  }
}

/** The names of a channel's members, as many a line as fit. */
function namesReply(client: IrcClient, view: RoomView, reply: Reply): void {
  const channel = `#${view.title}`;
  const kind = view.modes.isSecret ? "@" : "=";
  const withHosts = client.capabilities.has("userhost-in-names");
  const shown = view.members.map((member) => {
    return prefixes(client, member) + (withHosts ? maskOf(member.person) : member.person.name.text);
  });
  reply.list(NUMERIC.RPL_NAMREPLY, [kind, channel], shown);
}

/** The marks of an operator and of one with a voice; the higher one alone for who does not know of both. */
export function prefixes(client: IrcClient, { isOperator, hasVoice }: RoomMember): string {
  const all = `${isOperator ? "@" : ""}${hasVoice ? "+" : ""}`;
  return client.capabilities.has("multi-prefix") ? all : all.slice(0, 1);
}

function list(client: IrcClient, conditions: string | undefined, reply: Reply): void {
  client.member.list(client.person, (answer) => {
    if (answer.type !== "rooms") return;
    const nowMs = client.context.world.clock.now();
    const tests = (conditions ?? "").split(",").filter((text) => text !== "").map((text) =>
      listTest(text, nowMs)
    );
    reply.numeric(NUMERIC.RPL_LISTSTART, "Channel", "Users  Name");
    const own = new Set(client.member.rooms.map(({ title }) => title));
    const shown = answer.rooms.filter((room) => {
      return (!room.isSecret || own.has(room.title)) && passes(tests, room);
    });
    const lines = shown.map(({ title, members, texts }) => () => {
      reply.numeric(NUMERIC.RPL_LIST, `#${title}`, String(members), texts.topic?.text ?? "");
    });
    const end = () => reply.numeric(NUMERIC.RPL_LISTEND, "End of /LIST");
    reply.paced((then) => client.member.whenDrained(then), lines, end);
  });
}

interface ListTest {
  readonly kind: "name" | "condition";
  readonly holds: (room: RoomSummary) => boolean;
}

/** Names and masks are alternatives; conditions must all hold. */
function passes(tests: readonly ListTest[], room: RoomSummary): boolean {
  const named = tests.filter(({ kind }) => kind === "name");
  return tests.every(({ kind, holds }) => kind === "name" || holds(room)) &&
    (named.length === 0 || named.some(({ holds }) => holds(room)));
}

/** One condition of `LIST`, as `ELIST=CMNTU` names them. Times are in minutes. */
function listTest(text: string, nowMs: number): ListTest {
  const [, users, count] = /^([<>])(\d{1,9})$/.exec(text) ?? [];
  if (users !== undefined) {
    const than = Number(count);
    return {
      kind: "condition",
      holds: ({ members }) => users === "<" ? members < than : members > than,
    };
  }
  const [, what, order, minutes] = /^([CT])([<>])(\d{1,9})$/.exec(text) ?? [];
  if (what !== undefined) {
    const atMs = nowMs - Number(minutes) * 60_000;
    const timeOf = (room: RoomSummary) => what === "C" ? room.createdMs : room.texts.topic?.setMs;
    return {
      kind: "condition",
      holds: (room) => {
        const timeMs = timeOf(room);
        return timeMs !== undefined && (order === "<" ? timeMs > atMs : timeMs < atMs);
      },
    };
  }
  if (text.startsWith("!")) {
    return { kind: "condition", holds: ({ title }) => !matchesMask(text.slice(1), `#${title}`) };
  }
  return { kind: "name", holds: ({ title }) => matchesMask(text, `#${title}`) };
}

/** `KICK #a x,y` and `KICK #a,#b x,y`. */
function kick(client: IrcClient, params: readonly string[], reply: Reply): void {
  const [channels, nicks, reason = ""] = params;
  const rooms = listItems(channels);
  for (const [index, nick] of listItems(nicks).slice(0, MAX_KICKS).entries()) {
    const channel = (rooms.length > 1 ? rooms[index] : rooms[0]) ?? "";
    kickOne(client, channel, nick, reason, reply);
  }
}

function kickOne(client: IrcClient, channel: string, nick: string, reason: string, reply: Reply): void {
  const name = roomName(channel);
  if (name === null) return reply.numeric(NUMERIC.ERR_NOSUCHCHANNEL, middle(channel), "No such channel");
  const target = nickName(nick);
  if (target === null) {
    return reply.numeric(NUMERIC.ERR_USERNOTINCHANNEL, middle(nick), channel, "They aren't on that channel");
  }
  const request = client.member.toRoom(
    client.person,
    name,
    (asker) => ({ ...asker, type: "kick", target, reason: cleanText(reason) }),
    (answer) => refuse(reply, channel, answer),
  );
  client.causes(request, reply);
}

function invite(client: IrcClient, nick: string, channel: string, reply: Reply): void {
  const name = roomName(channel);
  if (name === null) return reply.numeric(NUMERIC.ERR_NOSUCHCHANNEL, middle(channel), "No such channel");
  findPeople(client, [nick], ([found]) => {
    if (found === undefined) return reply.numeric(NUMERIC.ERR_NOSUCHNICK, middle(nick), "No such nick");
    const { person: target, away } = found;
    client.member.toRoom(client.person, name, (asker) => ({ ...asker, type: "invite", target }), (answer) => {
      if (answer.type !== "done") return refuse(reply, channel, answer);
      reply.numeric(NUMERIC.RPL_INVITING, target.name.text, channel);
      if (away !== undefined) reply.numeric(NUMERIC.RPL_AWAY, target.name.text, away);
    });
  });
}
