/**
 * Who has which name, who had it, and who is away.
 *
 * @module
 */
import { type ChatName, sharesKey } from "../../protocols/chat_names.ts";
import { ircLower, matchesMask } from "../../protocols/irc.ts";
import { assertNever, type Behavior, type Context, type Ref } from "../runtime/mod.ts";
import type { Cancellable } from "../world/world.ts";
import type { Answer, Asker, FormerPerson, MemberMessage, Person } from "./messages.ts";
import type { NamesCommand } from "./owner_messages.ts";
import { maskOf } from "./room_state.ts";

/** The most people that are remembered after they have gone. */
const MAX_FORMER = 1000;

/** Milliseconds in which the owner of a name says whether it is still there. */
const WANTED_MS = 1000;

type Claim = Extract<NamesCommand, { type: "claim" }>;

interface Owner {
  person: Person;
  away: string | undefined;
  readonly signedOnMs: number;
  spokeMs: number;
  readonly watching: Cancellable;
}

/** The one that owns the names: no two members have names that people could take for each other. */
export function names(): Behavior<NamesCommand> {
  return (self) => {
    const names = new Names(self);
    return (message) => names.receive(message);
  };
}

class Names {
  readonly #self: Context<NamesCommand>;
  readonly #byKey = new Map<string, Owner>();
  readonly #byMember = new Map<Ref<MemberMessage>, Owner>();
  /** The last to have gone is last. */
  readonly #former: FormerPerson[] = [];
  readonly #watchers = new Watchers();
  /** Who asks for the name of whom: the owner says whether it is still there. */
  readonly #wanted = new Map<Ref<MemberMessage>, Claim[]>();
  /** Those who have no name yet. */
  readonly #nameless = new Map<Ref<MemberMessage>, Cancellable>();
  #most = 0;

  constructor(self: Context<NamesCommand>) {
    this.#self = self;
  }

  receive(message: NamesCommand): void {
    switch (message.type) {
      case "claim":
        return this.#claim(message);
      case "keep":
        for (const claim of this.#takeWanted(message.member)) refuse(claim);
        return;
      case "arrived": {
        const { member } = message;
        const watching = this.#self.watch(member, () => ({ type: "release", member }));
        this.#nameless.set(member, watching);
        return;
      }
      case "release":
        this.#watchers.forget(message.member);
        this.#greeted(message.member);
        this.#release(message.member);
        for (const claim of this.#takeWanted(message.member)) this.#claim(claim);
        return;
      case "set-away": {
        const owner = this.#byMember.get(message.person.member);
        if (owner !== undefined) owner.away = message.away;
        return;
      }
      case "spoke": {
        const owner = this.#byMember.get(message.member);
        if (owner !== undefined) owner.spokeMs = this.#self.world.clock.now();
        return;
      }
      case "find":
        return this.#answerPeople(message, message.names.map((name) => this.#find(name)));
      case "search": {
        const owners = [...this.#byMember.values()];
        return this.#answerPeople(message, owners.filter(({ person }) => fits(message.mask, person)));
      }
      case "find-former": {
        const wanted = ircLower(message.name);
        const people = this.#former.filter(({ person }) => ircLower(person.name.text) === wanted).reverse();
        return answer(message, { type: "former", people });
      }
      case "count":
        return this.#count(message);
      case "monitor": {
        const { member, name, on } = message;
        if (!on) return this.#watchers.remove(member, name);
        return this.#watchers.add(member, name);
      }
      default:
        assertNever(message);
    }
  }

  #find(name: ChatName): Owner | undefined {
    return name.keys.map((key) => this.#byKey.get(key)).find((owner) => owner !== undefined);
  }

  #claim(claim: Claim): void {
    const { person } = claim;
    const former = this.#byMember.get(person.member);
    const key = person.name.keys.find((key) => (this.#byKey.get(key) ?? former) !== former);
    const other = key === undefined ? undefined : this.#byKey.get(key);
    if (other !== undefined) return this.#want(other.person.member, claim);
    if (former !== undefined && sharesKey(former.person.name, person.name)) {
      for (const key of former.person.name.keys) this.#byKey.delete(key);
      for (const key of person.name.keys) this.#byKey.set(key, former);
      former.person = person;
      return answer(claim, { type: "done" });
    }
    const nowMs = this.#self.world.clock.now();
    this.#greeted(person.member);
    if (former !== undefined) this.#release(person.member);
    const owner: Owner = {
      person,
      away: former?.away,
      signedOnMs: former?.signedOnMs ?? nowMs,
      spokeMs: former?.spokeMs ?? nowMs,
      // A connection that ends without a message must not keep its name.
      watching: this.#self.watch(person.member, () => ({ type: "release", member: person.member })),
    };
    for (const key of person.name.keys) this.#byKey.set(key, owner);
    this.#byMember.set(person.member, owner);
    this.#most = Math.max(this.#most, this.#byMember.size);
    this.#watchers.tell(person.name, person);
    answer(claim, { type: "done" });
  }

  /** Asks the owner of a name whether it is still there. */
  #want(owner: Ref<MemberMessage>, claim: Claim): void {
    const claims = this.#wanted.get(owner);
    if (claims !== undefined) {
      claims.push(claim);
      return;
    }
    this.#wanted.set(owner, [claim]);
    owner.tell({ type: "name-wanted" });
    // Should it be too busy to answer, it is there.
    this.#self.after(WANTED_MS, { type: "keep", member: owner });
  }

  #takeWanted(owner: Ref<MemberMessage>): Claim[] {
    const claims = this.#wanted.get(owner) ?? [];
    this.#wanted.delete(owner);
    return claims;
  }

  #greeted(member: Ref<MemberMessage>): void {
    this.#nameless.get(member)?.cancel();
    this.#nameless.delete(member);
  }

  #release(member: Ref<MemberMessage>): void {
    const owner = this.#byMember.get(member);
    if (owner === undefined) return;
    const { person } = owner;
    owner.watching.cancel();
    for (const key of person.name.keys) this.#byKey.delete(key);
    this.#byMember.delete(member);
    this.#former.push({ person, leftMs: this.#self.world.clock.now() });
    if (this.#former.length > MAX_FORMER) this.#former.shift();
    this.#watchers.tell(person.name, undefined);
  }

  #count(asker: Asker): void {
    let invisible = 0;
    for (const { person } of this.#byMember.values()) if (person.isInvisible) invisible++;
    answer(asker, {
      type: "counts",
      people: this.#byMember.size,
      invisible,
      nameless: this.#nameless.size,
      mostPeople: this.#most,
    });
  }

  #answerPeople(asker: Asker, owners: readonly (Owner | undefined)[]): void {
    const people = owners.flatMap((owner) => {
      if (owner === undefined) return [];
      const { person, away, signedOnMs, spokeMs } = owner;
      return [{ person, ...(away === undefined ? {} : { away }), signedOnMs, spokeMs }];
    });
    answer(asker, { type: "people", people });
  }
}

/** Who wants to hear of whom. */
export class Watchers {
  readonly #byKey = new Map<string, Map<Ref<MemberMessage>, ChatName>>();
  readonly #byMember = new Map<Ref<MemberMessage>, Set<string>>();

  /** From now on the member hears of the name. */
  add(member: Ref<MemberMessage>, name: ChatName): void {
    const key = watchKey(name);
    const watchers = this.#byKey.get(key) ?? new Map<Ref<MemberMessage>, ChatName>();
    this.#byKey.set(key, watchers.set(member, name));
    this.#byMember.set(member, (this.#byMember.get(member) ?? new Set()).add(key));
  }

  /** No longer tells the member of the name. */
  remove(member: Ref<MemberMessage>, name: ChatName): void {
    this.#drop(member, watchKey(name));
    this.#byMember.get(member)?.delete(watchKey(name));
  }

  /** The member hears of nobody any more. */
  forget(member: Ref<MemberMessage>): void {
    for (const key of this.#byMember.get(member) ?? []) this.#drop(member, key);
    this.#byMember.delete(member);
  }

  /** Tells of somebody who has come, or has gone. */
  tell(name: ChatName, person: Person | undefined): void {
    for (const [member, watched] of this.#byKey.get(watchKey(name)) ?? []) {
      if (sharesKey(watched, name)) member.tell(presence(name, person));
    }
  }

  #drop(member: Ref<MemberMessage>, key: string): void {
    const watchers = this.#byKey.get(key);
    watchers?.delete(member);
    if (watchers?.size === 0) this.#byKey.delete(key);
  }
}

/** The key that all spellings of a name share. */
function watchKey(name: ChatName): string {
  return name.keys[0] ?? name.text;
}

function presence(name: ChatName, person: Person | undefined): MemberMessage {
  return { type: "presence", name: name.text, ...(person === undefined ? {} : { person }) };
}

/** A mask without `!` and `@` is of names; one with them of all three parts. */
function fits(mask: string, person: Person): boolean {
  const isOfAll = mask.includes("!") || mask.includes("@");
  return matchesMask(mask, isOfAll ? maskOf(person) : person.name.text);
}

function answer({ person, request }: Asker, answer: Answer): void {
  person.member.tell({ type: "answer", request, answer });
}

function refuse(claim: Claim): void {
  answer(claim, { type: "refused", reason: "name-taken", detail: claim.person.name.text });
}
