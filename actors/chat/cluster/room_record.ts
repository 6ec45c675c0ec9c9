/**
 * What happens in a room of all servers, as it is kept and told.
 *
 * @module
 */
import type { ChatName } from "../../../protocols/chat_names.ts";
import type { Person } from "../messages.ts";
import type { RoomData, RoomFact } from "../room_state.ts";
import { isSamePerson, type MemberId } from "./people.ts";

type Said = Extract<RoomFact<MemberId>, { readonly type: "said" }>;

/** What a member says is kept without all that is known of the member: the room knows it. */
export type SaidByMember = Omit<Said, "person"> & { readonly by: MemberId };

/** A fact as it is kept. */
export type KeptFact = RoomFact<MemberId> | SaidByMember;

/** Something that happened in a room. */
export interface RoomRecord {
  readonly fact: KeptFact;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  /** The number of the request that made it happen, for the member that made it. */
  readonly request: number;
  /** The room's name from now on: nobody was in it. */
  readonly opens?: ChatName;
}

/** What is published of a room. */
export interface RoomNews {
  /** The number of the first of the records: the room's first ever is 1. */
  readonly from: number;
  readonly records: readonly RoomRecord[];
}

/** A fact as it is kept, where the room is as it was when it happened. */
export function keptFact(
  fact: RoomFact<MemberId>,
  { members }: Pick<RoomData<MemberId>, "members">,
): KeptFact {
  if (fact.type !== "said") return fact;
  const { person, ...rest } = fact;
  const known = members.get(person.member)?.person;
  return known !== undefined && isSamePerson(known, person) ? { ...rest, by: person.member } : fact;
}

/** The fact with the person who spoke; `personOf` gives the members at the time of the fact. */
export function wholeFact(
  fact: KeptFact,
  personOf: (id: MemberId) => Person<MemberId> | undefined,
): RoomFact<MemberId> {
  if (!isSaidByMember(fact)) return fact;
  const { by, ...rest } = fact;
  const person = personOf(by);
  if (person === undefined) throw new TypeError(`Cannot tell what was said: ${by} is not in the room`);
  return { ...rest, person };
}

/** Whether what was said is kept without who said it. */
export function isSaidByMember(fact: KeptFact): fact is SaidByMember {
  return fact.type === "said" && "by" in fact;
}
