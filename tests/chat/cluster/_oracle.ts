/**
 * Whether what people heard of a room can be true beside what its journal says.
 *
 * @module
 */
import type { MemberId } from "../../../actors/chat/cluster/people.ts";
import { type RoomRecord, wholeFact } from "../../../actors/chat/cluster/room_record.ts";
import type { Person } from "../../../actors/chat/messages.ts";
import type { RoomFact } from "../../../actors/chat/room_state.ts";

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
  const facts = wholeFacts(records);
  const lines = facts.flatMap((fact) =>
    fact.type === "said" ? [`${fact.person.name.text}: ${fact.text}`] : []
  ).filter((line) => SAID.test(line));
  const places = new Map(lines.map((line, place) => [line, place]));
  const twice = lines.filter((line, place) => places.get(line) !== place);
  if (twice.length > 0) wrong.push(`${twice.length} lines are in the room twice: ${twice.slice(0, 5)}`);
  wrong.push(...judgeNames(facts));
  for (const { name, visits } of listeners) {
    for (const heard of visits) wrong.push(...judgeVisit(name, heard, lines, places));
  }
  return wrong;
}

/** What happened, with who it was that spoke. Throws when somebody spoke who was not in the room. */
function wholeFacts(records: readonly RoomRecord[]): RoomFact<MemberId>[] {
  const people = new Map<MemberId, Person<MemberId>>();
  return records.map((record) => {
    const fact = wholeFact(record.fact, (id) => people.get(id));
    if (fact.type === "returned") people.set(fact.member.person.member, fact.member.person);
    else if (fact.type === "joined") people.set(fact.person.member, fact.person);
    else if (fact.type === "renamed") people.set(fact.to.member, fact.to);
    return fact;
  });
}

/** Nobody is in the room by a name that another one is in it by. */
function judgeNames(facts: readonly RoomFact<MemberId>[]): string[] {
  const wrong: string[] = [];
  const owners = new Map<string, string>();
  for (const fact of facts) {
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
