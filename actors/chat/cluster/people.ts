/**
 * Members as other hosts and the journal know them.
 *
 * @module
 */
import type { Cluster } from "../../cluster/cluster.ts";
import { hostIdOf } from "../../cluster/names.ts";
import type { Ref } from "../../runtime/mod.ts";
import type { MemberMessage, Person, RoomMember } from "../messages.ts";
import type { RoomDeed } from "../room_rules.ts";
import type { RoomFact } from "../room_state.ts";

/** The address of a member: it is told things by it from every host, and no other one ever has it. */
export type MemberId = string;

/** What people need of the cluster. */
export type Addresses = Pick<Cluster, "addressOf" | "refAt">;

/** The server that has the connection of a member. */
export function serverOf(id: MemberId): string {
  return hostIdOf(id) ?? "";
}

/** Whether nothing that is known of a person has changed. */
export function isSamePerson(one: Person<MemberId>, other: Person<MemberId>): boolean {
  return one.member === other.member && one.name.text === other.name.text && one.user === other.user &&
    one.host === other.host && one.realName === other.realName && one.isBot === other.isBot &&
    one.isInvisible === other.isInvisible && one.formerNames?.length === other.formerNames?.length;
}

type Member = Ref<MemberMessage>;

interface KnownMember {
  readonly member: Member;
  pins: number;
  isUsed: boolean;
}

/**
 * Members by their addresses, and addresses by their members: one object for one member, and one for all that
 * is known of a person, so that both can be compared.
 */
export class People {
  readonly #addresses: Addresses;
  readonly #ids = new WeakMap<Member, MemberId>();
  readonly #members = new Map<MemberId, KnownMember>();
  /** Those that were used since the last sweep, and those before. */
  #people = new Map<string, Person>();
  #formerPeople = new Map<string, Person>();

  constructor(addresses: Addresses) {
    this.#addresses = addresses;
  }

  /** The address of a member. */
  idOf(member: Member): MemberId {
    let id = this.#ids.get(member);
    if (id === undefined) this.#ids.set(member, id = this.#addresses.addressOf(member));
    return id;
  }

  /** The member at an address. */
  memberOf(id: MemberId): Member {
    return this.#memberAt(id).member;
  }

  #memberAt(id: MemberId): KnownMember {
    let known = this.#members.get(id);
    if (known === undefined) {
      const member = this.#addresses.refAt<MemberMessage>(id);
      this.#members.set(id, known = { member, pins: 0, isUsed: true });
      this.#ids.set(member, id);
    }
    known.isUsed = true;
    return known;
  }

  /** Keeps a member what it is, as long as somebody compares with it. */
  pin(member: Member): void {
    this.#memberAt(this.idOf(member)).pins++;
  }

  /** It is compared with no more. */
  unpin(member: Member): void {
    this.#memberAt(this.idOf(member)).pins--;
  }

  /** A person by its address. */
  named(person: Person): Person<MemberId> {
    return { ...person, member: this.idOf(person.member) };
  }

  /** A person with its member. */
  known(person: Person<MemberId>): Person {
    const key = JSON.stringify(person);
    const known = this.#people.get(key) ?? this.#formerPeople.get(key) ??
      { ...person, member: this.memberOf(person.member) };
    this.#people.set(key, known);
    return known;
  }

  /** A person that came from another host, as the same object each time. */
  same(person: Person): Person {
    return this.known(this.named(person));
  }

  /** A member of a room with its member. */
  knownMember({ person, ...rest }: RoomMember<MemberId>): RoomMember {
    return { ...rest, person: this.known(person) };
  }

  /** What happened, with its members. */
  knownFact(fact: RoomFact<MemberId>): RoomFact {
    switch (fact.type) {
      case "returned":
        return { ...fact, member: this.knownMember(fact.member) };
      case "kicked":
        return { ...fact, person: this.known(fact.person), by: this.known(fact.by) };
      case "invited":
        return { ...fact, person: this.known(fact.person), target: this.known(fact.target) };
      case "renamed":
        return { ...fact, person: this.known(fact.person), to: this.known(fact.to) };
      default:
        return { ...fact, person: this.known(fact.person) };
    }
  }

  /** A command to a room by addresses. */
  namedDeed(deed: RoomDeed<Member>): RoomDeed<MemberId> {
    switch (deed.type) {
      case "invite":
        return { ...deed, person: this.named(deed.person), target: this.named(deed.target) };
      case "rename":
        return { ...deed, from: this.named(deed.from), to: this.named(deed.to) };
      default:
        return { ...deed, person: this.named(deed.person) };
    }
  }

  /** Forgets whom nobody has named since the last time. */
  sweep(): void {
    for (const [id, known] of this.#members) {
      if (known.pins <= 0 && !known.isUsed) this.#members.delete(id);
      known.isUsed = false;
    }
    this.#formerPeople = this.#people;
    this.#people = new Map();
  }
}
