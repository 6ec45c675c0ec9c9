/**
 * What each command of an IRC client does to the model of a house, and whom it tells what.
 *
 * @module
 */
import { completeMask } from "../../protocols/irc.ts";
import type { Channel, IrcHouse, IrcPerson } from "./_irc_model.ts";

/** A command by somebody who is there, with its parameters. */
type Command = (house: IrcHouse, person: IrcPerson, params: readonly string[], nowMs: number) => void;

const COMMANDS: Readonly<Record<string, Command>> = {
  JOIN(house, person, [channel = "", key]) {
    if (channel !== "0") return house.join(person, channel, key);
    for (const { title } of house.channelsOf(person)) part(house, person, title);
  },
  PART: (house, person, [channel = ""]) => part(house, person, channel),
  NICK: (house, person, [nick = ""], nowMs) => house.rename(person, nick, nowMs),
  KICK(house, person, [typed = "", nick = "", reason = ""]) {
    const channel = house.within(person, typed, () => true);
    if (channel === undefined) return;
    const target = house.personOf(nick);
    if (target === undefined || !channel.members.has(target)) {
      return house.refuse(person, `441 ${nick} ${typed}`);
    }
    house.tellRoom(channel, `${person.nick} KICK ${channel.title} ${nick} ${reason || person.nick}`);
    house.takeOut(channel, target);
  },
  INVITE: (house, person, [nick = "", typed = ""]) => invite(house, person, nick, typed),
  TOPIC(house, person, [typed = "", text]) {
    if (text === undefined) {
      const channel = house.visible(person, typed);
      return channel === undefined ? house.refuseOutsider(person, typed) : house.tellTopic(person, channel);
    }
    const channel = house.within(person, typed, ({ flags }) => flags.has("t"));
    if (channel === undefined) return;
    if (text === "") delete channel.topic;
    else channel.topic = { text, by: person.nick };
    house.tellRoom(channel, `${person.nick} TOPIC ${channel.title} ${text}`.trimEnd());
  },
  PRIVMSG: (house, person, params) => speak(house, person, "PRIVMSG", params),
  NOTICE: (house, person, params) => speak(house, person, "NOTICE", params),
  AWAY(house, person, [text = ""]) {
    if (text === "") delete person.away;
    else person.away = text;
    house.tell(person, text === "" ? "305" : "306");
    for (const one of house.neighbours(person)) {
      if (one.capabilities.has("away-notify")) house.tell(one, `${person.nick} AWAY ${text}`.trimEnd());
    }
  },
  MONITOR: (house, person, params) => monitor(house, person, params),
  MODE(house, person, [target = "", ...params], nowMs) {
    if (!target.startsWith("#")) return ownMode(house, person, target, params[0]);
    const [letters, ...rest] = params;
    if (letters === undefined) return askModes(house, person, target);
    if (letters === "b" && rest.length === 0) return askBans(house, person, target);
    changeModes(house, person, target, { letters, params: rest, nowMs });
  },
  NAMES(house, person, [typed = ""]) {
    const channel = house.visible(person, typed);
    if (channel !== undefined) house.tellNames(person, channel);
    house.tell(person, `366 ${typed}`);
  },
  LIST(house, person) {
    house.tell(person, "321 Channel");
    for (const channel of house.channels.values()) {
      const { title, members, topic, flags } = channel;
      if (flags.has("s") && !members.has(person)) continue;
      house.tell(person, `322 ${title} ${members.size} ${topic?.text ?? ""}`.trimEnd());
    }
    house.tell(person, "323");
  },
  WHO: (house, person, [mask = ""]) => who(house, person, mask),
  WHOIS: (house, person, [nick = ""]) => whois(house, person, nick),
  WHOWAS(house, person, [nick = ""]) {
    const times = Math.min(20, house.former.filter((name) => name === nick).length);
    if (times === 0) house.refuse(person, `406 ${nick}`);
    for (let time = 0; time < times; time++) house.tell(person, `314 ${nick}`);
    house.tell(person, `369 ${nick}`);
  },
  ISON(house, person, nicks) {
    const there = nicks.filter((nick) => house.personOf(nick) !== undefined);
    house.tell(person, `303 ${there.join(" ")}`.trimEnd());
  },
  LUSERS(house, person) {
    const all = [...house.people.values()];
    const invisible = all.filter(({ isInvisible }) => isInvisible).length;
    house.tell(
      person,
      `251 There are ${all.length - invisible} users and ${invisible} invisible on 1 servers`,
    );
    house.tell(person, `254 ${house.channels.size}`);
  },
};

/** Carries out a command in the model. */
export function obey(house: IrcHouse, person: IrcPerson, line: string, nowMs: number): void {
  const [head = "", ...trailing] = line.split(" :");
  const [command = "", ...params] = head.split(" ");
  if (trailing.length > 0) params.push(trailing.join(" :"));
  COMMANDS[command]?.(house, person, params, nowMs);
}

function part(house: IrcHouse, person: IrcPerson, typed: string): void {
  const channel = house.within(person, typed, () => false);
  if (channel === undefined) return;
  house.tellRoom(channel, `${person.nick} PART ${channel.title}`);
  house.takeOut(channel, person);
}

function invite(house: IrcHouse, person: IrcPerson, nick: string, typed: string): void {
  const target = house.personOf(nick);
  if (target === undefined) return house.refuse(person, `401 ${nick}`);
  const channel = house.within(person, typed, ({ flags }) => flags.has("i"));
  if (channel === undefined) return;
  if (channel.members.has(target)) return house.refuse(person, `443 ${nick} ${typed}`);
  const line = `${person.nick} INVITE ${nick} ${channel.title}`;
  for (const [one, { isOperator }] of channel.members) {
    if (one !== person && isOperator && one.capabilities.has("invite-notify")) house.tell(one, line);
  }
  house.tell(target, line);
  // Anybody may tell somebody of a room; only who leads it opens it.
  if (channel.members.get(person)?.isOperator) channel.invited.add(target);
  house.tell(person, `341 ${nick} ${typed}`);
  if (target.away !== undefined) house.tell(person, `301 ${nick} ${target.away}`);
}

function speak(
  house: IrcHouse,
  person: IrcPerson,
  command: "PRIVMSG" | "NOTICE",
  [target = "", text = ""]: readonly string[],
): void {
  const isQuiet = command === "NOTICE";
  const [, prefix = "", typed] = /^([@+]?)(#.*)$/.exec(target) ?? [];
  const hasEcho = person.capabilities.has("echo-message");
  if (typed === undefined) {
    const other = house.personOf(target);
    if (other === undefined) return isQuiet ? undefined : house.refuse(person, `401 ${target}`);
    const line = `${person.nick} ${command} ${target} ${text}`;
    if (hasEcho) house.tell(person, line);
    if (other.away !== undefined && !isQuiet) house.tell(person, `301 ${target} ${other.away}`);
    return house.tell(other, line);
  }
  const channel = house.channel(typed);
  if (channel === undefined || !house.isHeard(channel, person)) {
    return isQuiet ? undefined : house.refuseOutsider(person, typed, "404");
  }
  for (const [one, { isOperator, hasVoice }] of channel.members) {
    const isFor = prefix === "" || isOperator || (prefix === "+" && hasVoice);
    if (isFor && (one !== person || hasEcho)) {
      house.tell(one, `${person.nick} ${command} ${prefix}${channel.title} ${text}`);
    }
  }
}

function monitor(house: IrcHouse, person: IrcPerson, [action = "", list = ""]: readonly string[]): void {
  const nicks = list.split(",").filter((nick) => nick !== "");
  switch (action) {
    case "+":
      for (const nick of nicks) person.watched.add(nick);
      return tellPresence(house, person, nicks);
    case "-":
      for (const nick of nicks) person.watched.delete(nick);
      return;
    case "C":
      return person.watched.clear();
    case "L":
      if (person.watched.size > 0) house.tell(person, `732 ${[...person.watched].sort().join(",")}`);
      return house.tell(person, "733");
    case "S":
      return tellPresence(house, person, [...person.watched]);
  }
}

function tellPresence(house: IrcHouse, person: IrcPerson, nicks: readonly string[]): void {
  const here = nicks.filter((nick) => house.personOf(nick) !== undefined).sort();
  const gone = nicks.filter((nick) => house.personOf(nick) === undefined).sort();
  if (here.length > 0) house.tell(person, `730 ${here.join(",")}`);
  if (gone.length > 0) house.tell(person, `731 ${gone.join(",")}`);
}

function ownMode(house: IrcHouse, person: IrcPerson, nick: string, letters: string | undefined): void {
  if (nick !== person.nick) {
    return house.refuse(person, house.personOf(nick) === undefined ? `401 ${nick}` : "502");
  }
  if (letters === undefined) return house.tell(person, `221 ${person.isInvisible ? "+i" : "+"}`);
  const isOn = letters === "+i";
  if (person.isInvisible === isOn) return;
  person.isInvisible = isOn;
  house.tell(person, `server MODE ${nick} ${letters}`);
}

function askModes(house: IrcHouse, person: IrcPerson, typed: string): void {
  const channel = house.visible(person, typed);
  if (channel === undefined) return house.refuseOutsider(person, typed);
  const { title, flags, key, limit, members } = channel;
  const letters = [...flags].sort().join("") + (key === undefined ? "" : "k") +
    (limit === undefined ? "" : "l");
  const params = [key === undefined ? "" : members.has(person) ? key : "*", limit ?? ""];
  house.tell(person, ["324", title, `+${letters}`, ...params].filter((word) => word !== "").join(" "));
}

function askBans(house: IrcHouse, person: IrcPerson, typed: string): void {
  const channel = house.visible(person, typed);
  if (channel === undefined) return house.refuseOutsider(person, typed);
  for (const [mask, { by }] of channel.bans) house.tell(person, `367 ${channel.title} ${mask} ${by}`);
  house.tell(person, `368 ${channel.title}`);
}

/** Changes as they are typed: `+ov-k ann bob *`. */
interface TypedModes {
  readonly letters: string;
  readonly params: readonly string[];
  readonly nowMs: number;
}

function changeModes(house: IrcHouse, person: IrcPerson, typed: string, modes: TypedModes): void {
  const channel = house.within(person, typed, () => true);
  if (channel === undefined) return;
  const params = [...modes.params];
  let on = true;
  let problem: string | undefined;
  const changes: string[] = [];
  for (const letter of modes.letters) {
    if (letter === "+" || letter === "-") {
      on = letter === "+";
      continue;
    }
    const param = "bovk".includes(letter) || (letter === "l" && on) ? params.shift() : undefined;
    const made = changeMode(house, channel, { letter, on, param, by: person.nick, nowMs: modes.nowMs });
    if (made.change !== undefined) changes.push(`${on ? "+" : "-"}${made.change}`);
    problem ??= made.problem;
  }
  for (const change of changes) house.tellRoom(channel, `${person.nick} MODE ${channel.title} ${change}`);
  if (problem !== undefined) house.refuse(person, problem.replace("#", typed));
}

interface ModeRequest {
  readonly letter: string;
  readonly on: boolean;
  readonly param: string | undefined;
  readonly by: string;
  readonly nowMs: number;
}

/** Makes a change; answers how it is told, or how it is refused, with `#` in place of the room. */
function changeMode(
  house: IrcHouse,
  channel: Channel,
  { letter, on, param = "", by, nowMs }: ModeRequest,
): { readonly change?: string; readonly problem?: string } {
  switch (letter) {
    case "k":
      if (on && /[,\s]/.test(param)) return { problem: "525 #" };
      if (!on && channel.key === undefined) return {};
      if (on) channel.key = param;
      else delete channel.key;
      return { change: on ? `k ${param}` : "k *" };
    case "l": {
      const limit = on ? Number(param) : undefined;
      if (limit === channel.limit || limit === 0) return {};
      if (limit === undefined) delete channel.limit;
      else channel.limit = limit;
      return { change: on ? `l ${param}` : "l" };
    }
    case "b": {
      const mask = completeMask(param);
      if (channel.bans.has(mask) === on) return {};
      if (on) channel.bans.set(mask, { by, setMs: nowMs });
      else channel.bans.delete(mask);
      return { change: `b ${mask}` };
    }
    case "o":
    case "v": {
      const target = house.personOf(param);
      const rank = target === undefined ? undefined : channel.members.get(target);
      if (rank === undefined) return { problem: target === undefined ? `401 ${param}` : `441 ${param} #` };
      const field = letter === "o" ? "isOperator" : "hasVoice";
      if (rank[field] === on) return {};
      rank[field] = on;
      return { change: `${letter} ${param}` };
    }
    default:
      if (channel.flags.has(letter) === on) return {};
      if (on) channel.flags.add(letter);
      else channel.flags.delete(letter);
      return { change: letter };
  }
}

function who(house: IrcHouse, person: IrcPerson, mask: string): void {
  const hereOrAway = (other: IrcPerson) => other.away === undefined ? "H" : "G";
  if (mask.startsWith("#")) {
    const channel = house.visible(person, mask);
    for (const [other, rank] of channel === undefined ? [] : house.seenIn(channel, person)) {
      const flags = hereOrAway(other) + house.mark(person, rank);
      house.tell(person, `352 ${channel?.title} ${other.nick} ${flags}`);
    }
  } else {
    for (const other of house.people.values()) {
      const isSeen = mask === other.nick ||
        (mask === "*" &&
          (!other.isInvisible || other === person || house.neighbours(person).has(other)));
      if (isSeen) house.tell(person, `352 * ${other.nick} ${hereOrAway(other)}`);
    }
  }
  house.tell(person, `315 ${mask}`);
}

function whois(house: IrcHouse, person: IrcPerson, nick: string): void {
  const other = house.personOf(nick);
  if (other === undefined) house.refuse(person, `401 ${nick}`);
  else {
    house.tell(person, `311 ${nick}`);
    const rooms = house.channelsOf(other)
      .filter(({ flags, members }) => !flags.has("s") || members.has(person))
      .map(({ title, members }) => {
        const rank = members.get(other);
        return `${rank?.isOperator ? "@" : rank?.hasVoice ? "+" : ""}${title}`;
      });
    if (rooms.length > 0) house.tell(person, `319 ${nick} ${rooms.sort().join(" ")}`);
    if (other.away !== undefined) house.tell(person, `301 ${nick} ${other.away}`);
  }
  house.tell(person, `318 ${nick}`);
}
