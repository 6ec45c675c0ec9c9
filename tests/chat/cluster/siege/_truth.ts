/**
 * What the room itself says has happened in it, and whether what people heard can be true beside it.
 *
 * @module
 */
import type { Cluster } from "../../../../actors/cluster/mod.ts";
import { type RoomRecord, roomTopic, roomType } from "../../../../actors/chat/cluster/room_entity.ts";
import type { Person, Visit } from "./_people.ts";

/** Reads along with a room, from its first record. */
export class RoomTruth {
  readonly #cluster: Cluster;
  readonly #room: string;
  readonly #records = new Map<number, RoomRecord>();
  #last = 0;

  constructor(cluster: Cluster, room: string) {
    this.#cluster = cluster;
    this.#room = room;
  }

  /** Begins to read along. */
  async listen(): Promise<AsyncDisposable> {
    return await this.#cluster.subscribe(
      roomTopic(this.#room),
      ({ from, records }) => this.#add(from, records),
    );
  }

  /** Asks for what was not heard. */
  async catchUp(): Promise<void> {
    while (this.#records.has(this.#last + 1)) this.#last++;
    try {
      const ref = this.#cluster.ref(roomType, this.#room);
      const news = await ref.ask({ type: "since", seq: this.#last }, { timeoutMs: 3000 });
      if (news !== null) this.#add(news.from, news.records);
    } catch {
      // It is asked again.
    }
  }

  #add(from: number, records: readonly RoomRecord[]): void {
    for (const [index, record] of records.entries()) this.#records.set(from + index, record);
    while (this.#records.has(this.#last + 1)) this.#last++;
  }

  /** All of it, in its order. */
  get records(): readonly RoomRecord[] {
    return [...this.#records].sort(([one], [other]) => one - other).map(([, record]) => record);
  }

  /** Whether no record is missing. */
  get isWhole(): boolean {
    return this.#records.size === this.#last;
  }
}

/** Each of these is said once: who logs in again may say its name. */
const SAID = /^[\w-]+: [\w-]+\.\d+$/;

/** What cannot be: each a sentence. */
export function judge(truth: RoomTruth, people: readonly Person[]): string[] {
  const wrong: string[] = [];
  if (!truth.isWhole) wrong.push("the room's own records are not all there");
  const lines = truth.records.flatMap(({ fact }) =>
    fact.type === "said" ? [`${fact.person.name.text}: ${fact.text}`] : []
  ).filter((line) => SAID.test(line));
  const places = new Map(lines.map((line, place) => [line, place]));
  const twice = lines.filter((line, place) => places.get(line) !== place);
  if (twice.length > 0) wrong.push(`${twice.length} lines are in the room twice: ${twice.slice(0, 5)}`);
  wrong.push(...judgeNames(truth.records));
  for (const person of people) {
    for (const visit of person.visits) wrong.push(...judgeVisit(person.name, visit, lines, places));
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
    if (fact.type === "quit" || fact.type === "parted" || fact.type === "vanished") owners.delete(name.text);
  }
  return wrong;
}

/** Between the first and the last line that somebody heard, it heard all but its own, in order, once. */
function judgeVisit(
  name: string,
  { heard }: Visit,
  lines: readonly string[],
  places: ReadonlyMap<string, number>,
): string[] {
  const texts = heard.map(({ text }) => text).filter((text) =>
    SAID.test(text) && !text.startsWith(`${name}: `)
  );
  const [first, last] = [texts[0], texts.at(-1)];
  if (first === undefined || last === undefined) return [];
  const unknown = texts.find((text) => !places.has(text));
  if (unknown !== undefined) return [`${name} heard ${unknown}, which the room has lost`];
  const expected = lines.slice(places.get(first), (places.get(last) ?? 0) + 1)
    .filter((text) => !text.startsWith(`${name}: `));
  const place = texts.findIndex((text, index) => text !== expected[index]);
  if (place < 0 && texts.length === expected.length) return [];
  return [`${name} heard ${texts[place] ?? "nothing"} where ${expected[place] ?? "nothing"} was said`];
}
