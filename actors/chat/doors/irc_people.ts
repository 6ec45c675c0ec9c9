/**
 * The commands of an IRC client that ask about people, and what it says of itself.
 *
 * @module
 */
import type { Membership, Person, PersonStatus, RoomMember } from "../messages.ts";
import { prefixes } from "./irc_channels.ts";
import {
  cleanText,
  findPeople,
  type IrcClient,
  type IrcCommands,
  listItems,
  middle,
  nickName,
  roomName,
} from "./irc_client.ts";
import { NUMERIC } from "./irc_numerics.ts";
import type { Reply } from "./irc_reply.ts";

/** The most names that one client watches. */
export const MAX_MONITORED = 100;
/** The most former people of one name that `WHOWAS` tells. */
const MAX_FORMER = 20;

/** The commands of this module. */
export const PEOPLE_COMMANDS: IrcCommands = {
  WHO: { run: (client, { params }, reply) => who(client, params, reply) },
  WHOIS: {
    run(client, { params }, reply) {
      const nick = params[1] ?? params[0];
      if (nick === undefined || nick === "") {
        return reply.numeric(NUMERIC.ERR_NONICKNAMEGIVEN, "No nickname given");
      }
      for (const one of listItems(nick).slice(0, 4)) whois(client, one, reply);
    },
  },
  WHOWAS: { run: (client, { params }, reply) => whowas(client, params, reply) },
  AWAY: {
    run(client, { params: [text = ""] }, reply) {
      client.member.setAway(client.person, text === "" ? undefined : cleanText(text));
      if (text === "") reply.numeric(NUMERIC.RPL_UNAWAY, "You are no longer marked as being away");
      else reply.numeric(NUMERIC.RPL_NOWAWAY, "You have been marked as being away");
    },
  },
  ISON: {
    minParams: 1,
    run(client, { params }, reply) {
      const nicks = params.flatMap((param) => param.split(" ")).filter((nick) => nick !== "").slice(0, 50);
      findPeople(client, nicks, (people) => {
        if (people.length === 0) return reply.numeric(NUMERIC.RPL_ISON, "");
        reply.list(NUMERIC.RPL_ISON, [], people.map(({ person }) => person.name.text));
      });
    },
  },
  USERHOST: {
    minParams: 1,
    run(client, { params }, reply) {
      findPeople(client, params.slice(0, 5), (people) => {
        if (people.length === 0) return reply.numeric(NUMERIC.RPL_USERHOST, "");
        reply.list(NUMERIC.RPL_USERHOST, [], people.map(userHost));
      });
    },
  },
  MONITOR: { minParams: 1, run: (client, { params }, reply) => monitor(client, params, reply) },
  LUSERS: { run: (client, _, reply) => lusers(client, reply, () => {}) },
};

function userHost({ person, away }: PersonStatus): string {
  return `${person.name.text}=${away === undefined ? "+" : "-"}${person.user}@${person.host}`;
}

/** One line of `WHO`. */
interface WhoLine {
  readonly person: Person;
  readonly isAway: boolean;
  readonly channel: string;
  readonly prefix: string;
}

function who(client: IrcClient, params: readonly string[], reply: Reply): void {
  const [mask = "*", options = ""] = params;
  const end = () => reply.numeric(NUMERIC.RPL_ENDOFWHO, middle(mask), "End of WHO list");
  const show = (line: WhoLine) => whoReply(client, line, options, reply);
  const onlyOperators = /^[^%]*o/.test(options);
  const room = roomName(mask);
  if (mask.startsWith("#")) {
    if (room === null) return end();
    client.member.toRoom(client.person, room, (asker) => ({ ...asker, type: "get-view" }), (answer) => {
      if (answer.type === "view" && !onlyOperators) {
        const { view: { title, members }, isMember } = answer;
        const shown = members.filter(({ person }) => isMember || !person.isInvisible);
        const lines = shown.map((member) => () => show(inChannel(client, title, member)));
        return reply.paced((then) => client.member.whenDrained(then), lines, end);
      }
      end();
    });
    return;
  }
  const search = mask === "0" ? "*" : mask;
  const exact = nickName(search);
  client.member.toNames(client.person, (asker) => ({ ...asker, type: "search", mask: search }), (answer) => {
    if (answer.type !== "people" || onlyOperators) return end();
    withAcquaintances(client, (known) => {
      const shown = answer.people.filter(({ person }) => {
        return !person.isInvisible || exact !== null || person.member === client.person.member ||
          known.has(person.member);
      });
      const lines = shown.map(({ person, away }) => () => {
        show({ person, isAway: away !== undefined, channel: "*", prefix: "" });
      });
      reply.paced((then) => client.member.whenDrained(then), lines, end);
    });
  });
}

function inChannel(client: IrcClient, title: string, member: RoomMember): WhoLine {
  return {
    person: member.person,
    isAway: member.isAway,
    channel: `#${title}`,
    prefix: prefixes(client, member),
  };
}

/** Everybody with whom the client shares a room. */
function withAcquaintances(client: IrcClient, then: (known: ReadonlySet<Person["member"]>) => void): void {
  const known = new Set<Person["member"]>();
  const { rooms } = client.member;
  let missing = rooms.length;
  if (missing === 0) return then(known);
  for (const { name } of rooms) {
    client.member.toRoom(client.person, name, (asker) => ({ ...asker, type: "get-view" }), (answer) => {
      if (answer.type === "view") { for (const { person } of answer.view.members) known.add(person.member); }
      if (--missing === 0) then(known);
    });
  }
}

function whoReply(client: IrcClient, line: WhoLine, options: string, reply: Reply): void {
  const { person, isAway, channel, prefix } = line;
  const flags = `${isAway ? "G" : "H"}${prefix}${person.isBot ? "B" : ""}`;
  const [, fields, token = "0"] = /%([a-zA-Z]*)(?:,(\d{1,3}))?/.exec(options) ?? [];
  if (fields === undefined) {
    const { user, host, name, realName } = person;
    return reply.numeric(
      NUMERIC.RPL_WHOREPLY,
      ...[channel, user, host, client.server.name, name.text, flags, `0 ${realName}`],
    );
  }
  const values: Readonly<Record<string, string>> = {
    t: token,
    c: channel,
    u: person.user,
    i: "255.255.255.255",
    h: person.host,
    s: client.server.name,
    n: person.name.text,
    f: flags,
    d: "0",
    l: "0",
    a: "0",
    o: "n/a",
    r: person.realName,
  };
  const asked = Object.entries(values).filter(([field]) => fields.includes(field)).map(([, value]) => value);
  reply.numeric(NUMERIC.RPL_WHOSPCRPL, ...asked);
}

function whois(client: IrcClient, nick: string, reply: Reply): void {
  findPeople(client, [nick], ([found]) => {
    const end = () => reply.numeric(NUMERIC.RPL_ENDOFWHOIS, middle(nick), "End of /WHOIS list");
    if (found === undefined) {
      reply.numeric(NUMERIC.ERR_NOSUCHNICK, middle(nick), "No such nick");
      return end();
    }
    const { person, away, signedOnMs, spokeMs } = found;
    const { text } = person.name;
    client.member.listRoomsOf(person, client.person, (answer) => {
      reply.numeric(NUMERIC.RPL_WHOISUSER, text, person.user, person.host, "*", person.realName);
      if (person.member === client.person.member) {
        reply.numeric(NUMERIC.RPL_WHOISHOST, text, `is connecting from ${client.address}`);
      }
      const rooms = answer.type === "memberships" ? visibleRooms(client, answer.rooms) : [];
      reply.list(NUMERIC.RPL_WHOISCHANNELS, [text], rooms);
      reply.numeric(NUMERIC.RPL_WHOISSERVER, text, client.server.name, client.server.network);
      if (away !== undefined) reply.numeric(NUMERIC.RPL_AWAY, text, away);
      if (person.isBot) reply.numeric(NUMERIC.RPL_WHOISBOT, text, "is a bot");
      const idleSeconds = Math.floor((client.context.world.clock.now() - spokeMs) / 1000);
      reply.numeric(
        NUMERIC.RPL_WHOISIDLE,
        ...[text, String(Math.max(0, idleSeconds)), String(Math.floor(signedOnMs / 1000))],
        "seconds idle, signon time",
      );
      end();
    });
  });
}

function visibleRooms(client: IrcClient, rooms: readonly Membership[]): string[] {
  return rooms
    .filter(({ title, isSecret }) => !isSecret || client.member.rooms.some((own) => own.title === title))
    .map(({ title, isOperator, hasVoice }) => `${isOperator ? "@" : hasVoice ? "+" : ""}#${title}`);
}

function whowas(client: IrcClient, params: readonly string[], reply: Reply): void {
  const [nick = "", count] = params;
  if (nick === "") return reply.numeric(NUMERIC.ERR_NONICKNAMEGIVEN, "No nickname given");
  const wanted = Number(count);
  const most = wanted > 0 ? Math.min(wanted, MAX_FORMER) : MAX_FORMER;
  client.member.toNames(
    client.person,
    (asker) => ({ ...asker, type: "find-former", name: nick }),
    (answer) => {
      const people = answer.type === "former" ? answer.people.slice(0, most) : [];
      if (people.length === 0) {
        reply.numeric(
          NUMERIC.ERR_WASNOSUCHNICK,
          middle(nick),
          "There was no such nickname",
        );
      }
      for (const { person, leftMs } of people) {
        const { name, user, host, realName } = person;
        reply.numeric(NUMERIC.RPL_WHOWASUSER, name.text, user, host, "*", realName);
        reply.numeric(NUMERIC.RPL_WHOISSERVER, name.text, client.server.name, new Date(leftMs).toUTCString());
      }
      reply.numeric(NUMERIC.RPL_ENDOFWHOWAS, middle(nick), "End of WHOWAS");
    },
  );
}

function monitor(client: IrcClient, params: readonly string[], reply: Reply): void {
  const [action = "", targets] = params;
  switch (action.toUpperCase()) {
    case "+":
      return addMonitored(client, listItems(targets), reply);
    case "-":
      for (const nick of listItems(targets)) {
        const name = nickName(nick);
        const key = name?.keys[0];
        if (name === null || key === undefined || !client.monitored.delete(key)) continue;
        client.member.monitor(name, false);
      }
      return;
    case "C":
      for (const name of client.monitored.values()) client.member.monitor(name, false);
      client.monitored.clear();
      return;
    case "L":
      reply.list(NUMERIC.RPL_MONLIST, [], [...client.monitored.values()].map(({ text }) => text), ",");
      return reply.numeric(NUMERIC.RPL_ENDOFMONLIST, "End of MONITOR list");
    case "S":
      return monitorStatus(client, [...client.monitored.values()].map(({ text }) => text), reply);
  }
}

function addMonitored(client: IrcClient, nicks: readonly string[], reply: Reply): void {
  const added: string[] = [];
  for (const [index, nick] of nicks.entries()) {
    const name = nickName(nick);
    const key = name?.keys[0];
    if (name === null || key === undefined) continue;
    if (!client.monitored.has(key) && client.monitored.size >= MAX_MONITORED) {
      const rest = nicks.slice(index).filter((nick) => nickName(nick) !== null).join(",");
      reply.numeric(NUMERIC.ERR_MONLISTFULL, String(MAX_MONITORED), rest, "Monitor list is full");
      break;
    }
    if (!client.monitored.has(key)) client.member.monitor(name, true);
    client.monitored.set(key, name);
    added.push(nick);
  }
  monitorStatus(client, added, reply);
}

function monitorStatus(client: IrcClient, nicks: readonly string[], reply: Reply): void {
  if (nicks.length === 0) return;
  findPeople(client, nicks, (people) => {
    const here = new Map(
      people.flatMap(({ person }) => person.name.keys.map((key) => [key, person] as const)),
    );
    const personOf = (nick: string) => nickName(nick)?.keys.map((key) => here.get(key)).find(Boolean);
    const online = nicks.flatMap((nick) => {
      const person = personOf(nick);
      return person === undefined ? [] : [`${person.name.text}!${person.user}@${person.host}`];
    });
    const offline = nicks.filter((nick) => personOf(nick) === undefined);
    reply.list(NUMERIC.RPL_MONONLINE, [], online, ",");
    reply.list(NUMERIC.RPL_MONOFFLINE, [], offline, ",");
  });
}

/** How many there are; `then` is called when it has been said. */
export function lusers(client: IrcClient, reply: Reply, then: () => void): void {
  client.member.toNames(client.person, (asker) => ({ ...asker, type: "count" }), (counts) => {
    client.member.list(client.person, (list) => {
      const { people, invisible, nameless, mostPeople } = counts.type === "counts"
        ? counts
        : { people: 0, invisible: 0, nameless: 0, mostPeople: 0 };
      const channels = list.type === "rooms" ? list.rooms.length : 0;
      const visible = people - invisible;
      reply.numeric(
        NUMERIC.RPL_LUSERCLIENT,
        `There are ${visible} users and ${invisible} invisible on 1 servers`,
      );
      reply.numeric(NUMERIC.RPL_LUSEROP, "0", "operator(s) online");
      reply.numeric(NUMERIC.RPL_LUSERUNKNOWN, String(nameless), "unknown connection(s)");
      reply.numeric(NUMERIC.RPL_LUSERCHANNELS, String(channels), "channels formed");
      reply.numeric(NUMERIC.RPL_LUSERME, `I have ${people} clients and 0 servers`);
      const most = String(mostPeople);
      const text = (what: string) => `Current ${what} users ${people}, max ${most}`;
      reply.numeric(NUMERIC.RPL_LOCALUSERS, String(people), most, text("local"));
      reply.numeric(NUMERIC.RPL_GLOBALUSERS, String(people), most, text("global"));
      then();
    });
  });
}
