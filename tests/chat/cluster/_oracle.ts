/**
 * Whether what people heard of a room can be true beside what its journal says.
 *
 * @module
 */
import type { RoomRecord } from "../../../actors/chat/cluster/room_entity.ts";

/** Somebody, and what came on each of its connections, in the words of the line door. */
export interface Listener {
  readonly name: string;
  readonly visits: readonly (readonly string[])[];
}

/** Each of these is said once: who logs in again may say its name. */
const SAID = /^[\w-]+: [\w-]+\.\d+$/;

/** What cannot be: each a sentence. */
export function judge(records: readonly RoomRecord[], listeners: readonly Listener[]): string[] {
  const wrong: string[] = [];
  const lines = records.flatMap(({ fact }) =>
    fact.type === "said" ? [`${fact.person.name.text}: ${fact.text}`] : []
  ).filter((line) => SAID.test(line));
  const places = new Map(lines.map((line, place) => [line, place]));
  const twice = lines.filter((line, place) => places.get(line) !== place);
  if (twice.length > 0) wrong.push(`${twice.length} lines are in the room twice: ${twice.slice(0, 5)}`);
  wrong.push(...judgeNames(records));
  for (const { name, visits } of listeners) {
    for (const heard of visits) wrong.push(...judgeVisit(name, heard, lines, places));
  }
  return wrong;
}

/** Nobody is in the room by a name that another one is in it by. */
function judgeNames(records: readonly RoomRecord[]): string[] {
  const wrong: string[] = [];
  const owners = new Map<string, string>();
  for (const { fact } of records) {
    const { member, name } = fact.type === "returned" ? fact.member.person : fact.person;
    const owner = owners.get(name.text);
    if (owner !== undefined && owner !== member) wrong.push(`${name.text} is two people's at ${fact.type}`);
    if (fact.type === "joined" || fact.type === "returned") owners.set(name.text, member);
    if (fact.type === "said" && owner === undefined) wrong.push(`${name.text} speaks, and is not there`);
    if (fact.type === "quit" || fact.type === "parted" || fact.type === "vanished") owners.delete(name.text);
  }
  return wrong;
}

/** Between the first and the last line that somebody heard, it heard all but its own, in order, once. */
function judgeVisit(
  name: string,
  heard: readonly string[],
  lines: readonly string[],
  places: ReadonlyMap<string, number>,
): string[] {
  const isOthers = (text: string) => SAID.test(text) && !text.startsWith(`${name}: `);
  const texts = heard.filter(isOthers);
  const [first, last] = [texts[0], texts.at(-1)];
  if (first === undefined || last === undefined) return [];
  const unknown = texts.find((text) => !places.has(text));
  if (unknown !== undefined) return [`${name} heard ${unknown}, which the room has lost`];
  const expected = lines.slice(places.get(first), (places.get(last) ?? 0) + 1).filter(isOthers);
  const place = texts.findIndex((text, index) => text !== expected[index]);
  if (place < 0 && texts.length === expected.length) return [];
  return [`${name} heard ${texts[place] ?? "nothing"} where ${expected[place] ?? "nothing"} was said`];
}
