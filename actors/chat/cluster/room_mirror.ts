/**
 * What a server knows of a room in which it has members, and how these hear of it.
 *
 * @module
 */
import type { Ref } from "../../runtime/mod.ts";
import type { MemberMessage, Person, RoomEvent, RoomMember, RoomView } from "../messages.ts";
import { SharedEvent } from "../room_event.ts";
import { SharedTalk } from "../talk.ts";
import { isTold, type RoomFact, RoomState } from "../room_state.ts";
import { type People, serverOf } from "./people.ts";
import type { RoomNow } from "./room_entity.ts";
import { isSaidByMember, type KeptFact, type RoomNews, type RoomRecord } from "./room_record.ts";

type Member = Ref<MemberMessage>;

/** What a mirror needs of the one who has it. */
export interface RoomMirrorOptions {
  /** The room's key, as events name it. */
  readonly key: string;
  /** The name of this server. */
  readonly server: string;
  readonly people: People;
  /** Somebody of this server is in. False where it has gone already: it can be told nothing. */
  readonly entered: (person: Person) => boolean;
  /** Somebody of this server has gone, and how. */
  readonly left: (person: Person, fact: RoomFact) => void;
}

/** A room as far as its news have come. */
export class RoomMirror {
  readonly #options: RoomMirrorOptions;
  /** Members whose connections are here. */
  readonly #here = new Set<Member>();
  #state = new RoomState();
  #seq = -1;
  #title = "";
  #keys: readonly string[] = [];
  #createdMs = 0;
  /** Said, and not yet told: what is said in one go is told in one. */
  #said: RoomEvent[] = [];

  constructor(options: RoomMirrorOptions) {
    this.#options = options;
  }

  /** The number of the last record that is known; -1 before the room is. */
  get seq(): number {
    return this.#seq;
  }

  /** The room itself. */
  get state(): RoomState {
    return this.#state;
  }

  /** How many members have their connections here. */
  get membersHere(): number {
    return this.#here.size;
  }

  /** Whether somebody of this server is in. */
  has(member: Member): boolean {
    return this.#here.has(member);
  }

  /** The room as its members see it. */
  view(room: RoomView["room"]): RoomView {
    const { members, texts, modes } = this.#state;
    return {
      room,
      title: this.#title,
      keys: this.#keys,
      members: [...members.values()],
      texts,
      modes,
      createdMs: this.#createdMs,
    };
  }

  /** Begins with the room as it is. */
  start(now: RoomNow): void {
    const { people, server } = this.#options;
    const { members, invited, ...room } = now.room;
    this.end();
    this.#state = new RoomState({
      ...room,
      members: new Map([...members].map(([id, member]) => [people.memberOf(id), people.knownMember(member)])),
      invited: new Set([...invited].map((id) => people.memberOf(id))),
    });
    this.#seq = now.seq;
    this.#title = now.title;
    this.#keys = now.keys;
    this.#createdMs = now.createdMs;
    this.#here.clear();
    for (const [member, { person }] of this.#state.members) {
      people.pin(member);
      if (serverOf(people.idOf(member)) === server && this.#options.entered(person)) this.#here.add(member);
    }
  }

  /** Too much is missing: who is here has to come back. */
  cutOff(): void {
    for (const member of this.#here) member.tell({ type: "cut-off", why: "news-missed" });
    this.#seq = -1;
  }

  /** The room is looked at no more. */
  end(): void {
    for (const member of this.#state.members.keys()) this.#options.people.unpin(member);
    this.#state = new RoomState();
  }

  /** Takes what is news of it; `false` when something before it is missing. */
  take({ from, records }: RoomNews): boolean {
    if (this.#seq < 0 || from > this.#seq + 1) return false;
    for (const record of records.slice(this.#seq + 1 - from)) {
      this.#seq++;
      this.#happens(record);
    }
    this.#tellSaid();
    return true;
  }

  #happens(record: RoomRecord): void {
    const { id, timeMs, request, opens } = record;
    if (opens !== undefined) [this.#title, this.#keys, this.#createdMs] = [opens.text, opens.keys, timeMs];
    const fact = this.#knownFact(record.fact);
    const room = { title: this.#title, key: this.#options.key };
    const event = isTold(fact) ? new SharedEvent(room, fact, id, timeMs, request) : undefined;
    if (event !== undefined && fact.type === "said" && event.onlyFor === undefined) {
      this.#said.push(event);
      return;
    }
    this.#tellSaid();
    const isHeardByWhoGoes = fact.type === "parted" || fact.type === "kicked";
    if (event !== undefined && isHeardByWhoGoes) this.#tellAll(event);
    const before = "person" in fact ? this.#state.members.get(fact.person.member) : undefined;
    this.#state.apply(fact, timeMs);
    this.#note(fact, before);
    if (this.#state.members.size === 0) this.#state = new RoomState();
    if (event !== undefined && !isHeardByWhoGoes) this.#tellAll(event);
  }

  #knownFact(fact: KeptFact): RoomFact {
    const { people } = this.#options;
    if (!isSaidByMember(fact)) return people.knownFact(fact);
    const { by, ...rest } = fact;
    const member = this.#state.members.get(people.memberOf(by));
    if (member === undefined) throw new TypeError(`Cannot tell what was said: ${by} is not in the room`);
    return { ...rest, person: member.person };
  }

  /** Keeps in mind who is here. */
  #note(fact: RoomFact, before: RoomMember | undefined): void {
    const { people, server, entered, left } = this.#options;
    switch (fact.type) {
      case "joined":
      case "returned": {
        const person = fact.type === "joined" ? fact.person : fact.member.person;
        people.pin(person.member);
        const isOfHere = serverOf(people.idOf(person.member)) === server;
        if (isOfHere && entered(person)) this.#here.add(person.member);
        return;
      }
      case "renamed":
        if (this.#here.has(fact.to.member)) entered(fact.to);
        return;
      case "parted":
      case "kicked":
      case "quit":
      case "vanished":
        if (before !== undefined) people.unpin(fact.person.member);
        if (this.#here.delete(fact.person.member)) left(fact.person, fact);
        return;
    }
  }

  #tellAll(event: RoomEvent): void {
    const { onlyFor } = event;
    for (const member of this.#here) {
      const { isOperator = false, hasVoice = false } = this.#state.members.get(member) ?? {};
      if (onlyFor === undefined || isOperator || (onlyFor === "voices" && hasVoice)) member.tell(event);
    }
  }

  #tellSaid(): void {
    const [first] = this.#said;
    if (first === undefined) return;
    const talk = new SharedTalk(first.room, this.#said);
    this.#said = [];
    for (const member of this.#here) member.tell(talk);
  }
}
