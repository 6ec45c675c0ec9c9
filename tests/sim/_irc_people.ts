/**
 * What people do over IRC, drawn so that it often matters: in rooms that they lead, to people who are there.
 *
 * @module
 */
import type { SeededRandom } from "../../actors/world/sim/mod.ts";
import type { IrcHouse, IrcPerson } from "./_irc_model.ts";

/** The names that people take. */
export const NICKS: readonly string[] = ["ann", "bob", "cyd", "dan", "eve"];
const ROOMS = ["#den", "#den", "#tea", "#Tea", "#lobby"];
const KEYS = ["key1", "key2"];

interface Draw {
  readonly random: SeededRandom;
  readonly nick: string;
  readonly room: string;
  /** Tells one text from another. */
  readonly text: string;
}

/** How often each is done, and how. */
const COMMANDS: readonly (readonly [number, (draw: Draw) => string])[] = [
  [14, ({ random, room }) => `JOIN ${room}${random.chance(0.3) ? ` ${random.pick(KEYS)}` : ""}`],
  [1, () => "JOIN 0"],
  [3, ({ room }) => `PART ${room}`],
  [14, (draw) => `MODE ${draw.room} ${drawModes(draw)}`],
  [2, ({ room }) => `MODE ${room} +k no,key`],
  [3, ({ room }) => `MODE ${room}`],
  [1, ({ room }) => `MODE ${room} b`],
  [12, ({ nick, room }) => `INVITE ${nick} ${room}`],
  [4, ({ nick, room, text }) => `KICK ${room} ${nick}${text.endsWith("0") ? "" : ` :${text}`}`],
  [4, ({ random, room, text }) => `TOPIC ${room}${random.chance(0.7) ? ` :${text}` : ""}`],
  [1, ({ room }) => `TOPIC ${room} :`],
  [8, ({ random, room, text }) => `PRIVMSG ${random.pick(["", "", "@", "+"])}${room} :${text}`],
  [2, ({ room, text }) => `NOTICE ${room} :${text}`],
  [3, ({ nick, text }) => `PRIVMSG ${nick} :${text}`],
  [2, ({ nick, text }) => `NOTICE ${nick} :${text}`],
  [3, ({ text }) => `AWAY :${text}`],
  [2, () => "AWAY"],
  [8, ({ random }) => `MONITOR + ${random.pick(NICKS)},${random.pick(NICKS)}`],
  [1, ({ nick }) => `MONITOR - ${nick}`],
  [2, ({ random }) => `MONITOR ${random.pick(["L", "S", "S", "C"])}`],
  [3, ({ nick }) => `WHOIS ${nick}`],
  [1, ({ nick }) => `WHOWAS ${nick}`],
  [3, ({ random, room, nick }) => `WHO ${random.pick([room, nick, "*"])}`],
  [4, ({ room }) => `NAMES ${room}`],
  [2, () => "LIST"],
  [2, () => "LUSERS"],
  [1, () => `ISON ${NICKS.join(" ")}`],
  [4, ({ random }) => `NICK ${random.pick(NICKS)}`],
  [1, ({ nick }) => `MODE ${nick}`],
];

/** What somebody does next. */
export function drawCommand(random: SeededRandom, house: IrcHouse, person: IrcPerson): string {
  const own = house.channelsOf(person).map(({ title }) => title);
  const led = house.channelsOf(person).filter(({ members }) => members.get(person)?.isOperator);
  const others = [...house.channels.values()].map(({ title }) => title);
  const rooms = [...ROOMS, ...others, ...own, ...own, ...led.flatMap(({ title }) => [title, title])];
  const draw = {
    random,
    nick: random.pick([...NICKS, ...[...house.people.values()].map(({ nick }) => nick)]),
    room: random.pick(rooms),
    text: `text ${random.integer(0, 999)}`,
  };
  if (random.chance(0.04)) return `MODE ${person.nick} ${random.pick(["+i", "-i"])}`;
  const weights = COMMANDS.reduce((sum, [weight]) => sum + weight, 0);
  let at = random.between(0, weights);
  for (const [weight, make] of COMMANDS) if ((at -= weight) < 0) return make(draw);
  return "MONITOR S";
}

/** Who does what next. */
export type Scene = readonly (readonly [IrcPerson, string])[];

/**
 * Somebody who leads a room bars the door, and somebody else tries to come in: before and after an
 * invitation, and again. Nothing where nobody leads a room that somebody is outside of.
 */
export function drawDoorScene(random: SeededRandom, house: IrcHouse): Scene {
  const places = [...house.channels.values()].flatMap(({ title, members }) => {
    const leaders = [...members].filter(([, { isOperator }]) => isOperator).map(([person]) => person);
    const outsiders = [...house.people.values()].filter((person) => !members.has(person));
    return leaders.flatMap((leader) => outsiders.map((guest) => ({ title, members, leader, guest })));
  });
  if (places.length === 0) return [];
  const { title, members, leader, guest } = random.pick(places);
  const inviter = random.pick([leader, leader, ...members.keys()]);
  // Who gave up a name a moment ago is banned by it.
  const hides = random.chance(0.3) ? [[guest, `NICK ${random.pick(NICKS)}`] as const] : [];
  const bars = ["+i", "+k key1", `+l ${members.size}`, `+b ${guest.nick}`, "+b *!*@*"];
  const enter: Scene[number] = [guest, `JOIN ${title}`];
  return [
    ...hides,
    [leader, `MODE ${title} -iklb * *!*@*`],
    [leader, `MODE ${title} ${random.pick(bars)}`],
    enter,
    [guest, `JOIN ${title} ${random.pick(KEYS)}`],
    [inviter, `INVITE ${guest.nick} ${title}`],
    ...random.chance(0.3) ? [[guest, `NICK ${random.pick(NICKS)}`] as const] : [],
    enter,
    ...random.chance(0.5) ? [[guest, `PART ${title}`] as const, enter] : [],
  ];
}

/**
 * Somebody who leads a room silences one of its members, by a mode or a ban, lets it speak by its rank, and
 * takes all of it back: each time it speaks, and somebody looks at it. Nothing where there are no two such.
 */
export function drawHushScene(random: SeededRandom, house: IrcHouse): Scene {
  const pairs = [...house.channels.values()].flatMap(({ title, members }) => {
    const all = [...members];
    const leaders = all.filter(([, { isOperator }]) => isOperator).map(([person]) => person);
    return leaders.flatMap((leader) =>
      all.filter(([person]) => person !== leader).map(([member]) => ({ title, leader, member }))
    );
  });
  if (pairs.length === 0) return [];
  const { title, leader, member } = random.pick(pairs);
  const { nick } = member;
  const [bar, unbar] = random.pick([["+m", "-m"], [`+b ${nick}`, `-b ${nick}`]] as const);
  const rank = random.pick(["o", "v"]);
  const speak: Scene[number] = [member, `PRIVMSG ${title} :may I speak?`];
  const look: Scene[number] = [random.pick([...house.people.values()]), `WHOIS ${nick}`];
  const change = (modes: string): Scene[number] => [leader, `MODE ${title} ${modes}`];
  return [
    ...[change(`-ov ${nick} ${nick}`), change("-mb *!*@*"), change(bar), speak],
    ...[change(`+${rank} ${nick}`), speak, look, change(`-${rank} ${nick}`), speak, look],
    ...[change(unbar), speak],
  ];
}

/** One to three changes, such as `+lo-m 2 bob`. */
function drawModes({ random, nick }: Draw): string {
  const letters: string[] = [];
  const params: string[] = [];
  for (let change = random.integer(1, 3); change > 0; change--) {
    const letter = random.pick([..."iikkllllmnsstooovvbb"]);
    const isOn = random.chance(0.65);
    letters.push(isOn ? "+" : "-", letter);
    if (letter === "k") params.push(random.pick([...KEYS, "no,key"]));
    else if (letter === "l" && isOn) params.push(String(random.integer(1, 3)));
    else if (letter === "b") params.push(random.pick([nick, nick, "?o*", `*!*@*`]));
    else if (letter === "o" || letter === "v") params.push(nick);
  }
  return [letters.join(""), ...params].join(" ");
}
