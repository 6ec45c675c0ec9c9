/**
 * What IRC clients are to be told, by a model of who is there, which rooms there are, and what these allow:
 * RFC 2812, with IRCv3's `MONITOR`, `away-notify`, `echo-message`, `extended-join`, `invite-notify` and
 * `multi-prefix`. Lines are as {@linkcode plainLines} writes them.
 *
 * @module
 */
import { completeMask, ircLower, matchesMask } from "../../protocols/irc.ts";

/** For so long a ban of a name fits who gave it up, in milliseconds. */
const FORMER_NAME_MS = 60_000;
const LOBBY = "#lobby";

/** Somebody with a name. */
export interface IrcPerson {
  readonly client: string;
  readonly capabilities: ReadonlySet<string>;
  nick: string;
  away?: string;
  isInvisible: boolean;
  readonly watched: Set<string>;
  readonly former: { readonly nick: string; readonly leftMs: number }[];
}

/** What somebody may do in a room. */
export interface Rank {
  isOperator: boolean;
  hasVoice: boolean;
}

/** A room. */
export interface Channel {
  /** As its founder wrote it. */
  readonly title: string;
  readonly members: Map<IrcPerson, Rank>;
  /** The letters of the modes that are on or off. */
  readonly flags: Set<string>;
  key?: string;
  limit?: number;
  topic?: { readonly text: string; readonly by: string };
  readonly bans: Map<string, { readonly by: string; readonly setMs: number }>;
  readonly invited: Set<IrcPerson>;
}

/** Who is there, which rooms there are, and what they are told of it. */
export class IrcHouse {
  readonly people = new Map<string, IrcPerson>();
  readonly channels = new Map<string, Channel>();
  /** The names of those who have gone, the last one last. */
  readonly former: string[] = [];
  #told = new Map<string, string[]>();
  readonly #sometimes: (what: string) => void;

  constructor(sometimes: (what: string) => void) {
    this.#sometimes = sometimes;
  }

  /** What everybody was told since this was asked last, by client. */
  takeTold(): ReadonlyMap<string, readonly string[]> {
    const told = this.#told;
    this.#told = new Map();
    return told;
  }

  /** Tells one person. */
  tell({ client }: IrcPerson, line: string): void {
    const lines = this.#told.get(client) ?? [];
    this.#told.set(client, lines);
    lines.push(line);
  }

  personOf(nick: string): IrcPerson | undefined {
    return [...this.people.values()].find((person) => person.nick === nick);
  }

  channel(name: string): Channel | undefined {
    return this.channels.get(ircLower(name));
  }

  /** The rooms that somebody is in. */
  channelsOf(person: IrcPerson): Channel[] {
    return [...this.channels.values()].filter(({ members }) => members.has(person));
  }

  /** Everybody who shares a room with somebody, but for that person. */
  neighbours(person: IrcPerson): ReadonlySet<IrcPerson> {
    const all = new Set(this.channelsOf(person).flatMap(({ members }) => [...members.keys()]));
    all.delete(person);
    return all;
  }

  /** Somebody has come, by a name that is free; false where it is not. */
  arrive(client: string, nick: string, capabilities: ReadonlySet<string>): boolean {
    if (this.personOf(nick) !== undefined) return false;
    const person = { client, nick, capabilities, isInvisible: false, watched: new Set<string>(), former: [] };
    this.people.set(client, person);
    this.#tellWatchers(nick, true);
    return true;
  }

  /** Somebody has gone, in whatever way. */
  leave(client: string): void {
    const person = this.people.get(client);
    if (person === undefined) return;
    for (const one of this.neighbours(person)) this.tell(one, `${person.nick} QUIT`);
    for (const channel of this.channels.values()) {
      channel.invited.delete(person);
      this.takeOut(channel, person);
    }
    this.people.delete(client);
    this.former.push(person.nick);
    this.#tellWatchers(person.nick, false);
  }

  rename(person: IrcPerson, nick: string, nowMs: number): void {
    if (nick === person.nick) return;
    if (this.personOf(nick) !== undefined) return this.refuse(person, `433 ${nick}`);
    const before = person.nick;
    this.former.push(before);
    person.former.push({ nick: before, leftMs: nowMs });
    person.nick = nick;
    this.#tellWatchers(before, false);
    this.#tellWatchers(nick, true);
    for (const one of [person, ...this.neighbours(person)]) this.tell(one, `${before} NICK ${nick}`);
  }

  #tellWatchers(nick: string, isThere: boolean): void {
    for (const one of this.people.values()) {
      if (!one.watched.has(nick)) continue;
      this.#sometimes(isThere ? "whom one watches came" : "whom one watches went");
      this.tell(one, isThere ? `730 ${nick}` : `731 ${nick}`);
    }
  }

  refuse(person: IrcPerson, line: string): void {
    this.#sometimes(`somebody was answered ${line.slice(0, 3)}`);
    this.tell(person, line);
  }

  /** Tells all in a room. */
  tellRoom({ members }: Channel, line: string): void {
    for (const member of members.keys()) this.tell(member, line);
  }

  /** Why one outside of a room is refused: of a secret one nobody knows. */
  refuseOutsider(person: IrcPerson, typed: string, code = "442"): void {
    const channel = this.channel(typed);
    const isHidden = channel === undefined || channel.flags.has("s") && !channel.members.has(person);
    this.refuse(person, `${isHidden ? "403" : code} ${typed}`);
  }

  /** The room as one outside of it may see it, or as its member; refused where that is nobody's business. */
  visible(person: IrcPerson, typed: string): Channel | undefined {
    const channel = this.channel(typed);
    if (channel !== undefined && !(channel.flags.has("s") && !channel.members.has(person))) return channel;
    return undefined;
  }

  /** The room, where somebody is in it and, if need be, leads it. */
  within(person: IrcPerson, typed: string, mustLead: (channel: Channel) => boolean): Channel | undefined {
    const channel = this.channel(typed);
    const rank = channel?.members.get(person);
    if (channel === undefined || rank === undefined) this.refuseOutsider(person, typed);
    else if (mustLead(channel) && !rank.isOperator) this.refuse(person, `482 ${typed}`);
    else return channel;
    return undefined;
  }

  join(person: IrcPerson, typed: string, key: string | undefined): void {
    const known = this.channel(typed);
    if (known?.members.has(person)) return;
    if (known !== undefined) {
      const obstacle = this.#obstacle(known, person, key);
      const isInvited = known.invited.delete(person);
      if (obstacle !== undefined && !isInvited) return this.refuse(person, `${obstacle} ${typed}`);
      if (obstacle !== undefined) this.#sometimes(`an invitation opened a room in spite of ${obstacle}`);
    }
    const channel = known ?? this.#open(typed);
    const isFounder = channel.title !== LOBBY && channel.members.size === 0;
    channel.members.set(person, { isOperator: isFounder, hasVoice: false });
    for (const one of channel.members.keys()) this.#tellJoined(one, person, channel);
    if (channel.topic !== undefined) this.tellTopic(person, channel);
    this.tellNames(person, channel);
    this.tell(person, `366 ${channel.title}`);
  }

  #tellJoined(one: IrcPerson, person: IrcPerson, { title }: Channel): void {
    const more = one.capabilities.has("extended-join") ? ` * Real ${person.client}` : "";
    this.tell(one, `${person.nick} JOIN ${title}${more}`);
    if (person.away !== undefined && one.capabilities.has("away-notify")) {
      this.tell(one, `${person.nick} AWAY ${person.away}`);
    }
  }

  #open(typed: string): Channel {
    const title = ircLower(typed) === LOBBY ? LOBBY : typed;
    const channel: Channel = {
      title,
      members: new Map(),
      flags: new Set("nt"),
      bans: new Map(),
      invited: new Set(),
    };
    this.channels.set(ircLower(title), channel);
    return channel;
  }

  /** What keeps somebody out who is not invited. */
  #obstacle(channel: Channel, person: IrcPerson, key: string | undefined): string | undefined {
    if (channel.flags.has("i")) return "473";
    if (this.isBanned(channel, person)) return "474";
    if (channel.key !== undefined && channel.key !== key) return "475";
    return channel.limit !== undefined && channel.members.size >= channel.limit ? "471" : undefined;
  }

  isBanned({ bans }: Channel, { nick, former }: IrcPerson): boolean {
    return [...bans].some(([mask, { setMs }]) => {
      const names = [
        nick,
        ...former.filter(({ leftMs }) => setMs - leftMs < FORMER_NAME_MS).map((f) => f.nick),
      ];
      return names.some((name) => matchesMask(completeMask(mask), `${name}!~user@host`));
    });
  }

  /** Whether somebody is heard in a room. */
  isHeard(channel: Channel, person: IrcPerson): boolean {
    const rank = channel.members.get(person);
    if (rank === undefined && channel.flags.has("n")) return false;
    if (rank?.isOperator || rank?.hasVoice) return true;
    return !channel.flags.has("m") && !this.isBanned(channel, person);
  }

  /** Somebody is no longer in a room; one that nobody is in is closed. */
  takeOut(channel: Channel, person: IrcPerson): void {
    channel.members.delete(person);
    if (channel.members.size === 0) this.channels.delete(ircLower(channel.title));
  }

  tellTopic(person: IrcPerson, { title, topic }: Channel): void {
    if (topic === undefined) return this.tell(person, `331 ${title}`);
    this.tell(person, `332 ${title} ${topic.text}`);
    this.tell(person, `333 ${title} ${topic.by}`);
  }

  /** The mark of a rank; the higher one alone for who does not know of both. */
  mark(person: IrcPerson, { isOperator, hasVoice }: Rank): string {
    const all = `${isOperator ? "@" : ""}${hasVoice ? "+" : ""}`;
    return person.capabilities.has("multi-prefix") ? all : all.slice(0, 1);
  }

  /** Those in a room whom somebody may see there. */
  seenIn({ members }: Channel, person: IrcPerson): [IrcPerson, Rank][] {
    return [...members].filter(([{ isInvisible }]) => members.has(person) || !isInvisible);
  }

  tellNames(person: IrcPerson, channel: Channel): void {
    const names = this.seenIn(channel, person).map(([{ nick }, rank]) => this.mark(person, rank) + nick);
    const kind = channel.flags.has("s") ? "@" : "=";
    if (names.length > 0) this.tell(person, `353 ${kind} ${channel.title} ${names.sort().join(" ")}`);
  }
}
