/**
 * The names that a person had before.
 *
 * @module
 */
import type { Person } from "./messages.ts";

/** The most names of one connection that are remembered, the oldest first to go. */
const MAX_FORMER_NAMES = 100;

/** The person, with the name that it gives up among its former names. */
export function withFormerName(person: Person, former: Person | undefined, nowMs: number): Person {
  if (former === undefined || former.name.text === person.name.text) return person;
  const names = [...former.formerNames ?? [], { name: former.name, leftMs: nowMs }];
  return { ...person, formerNames: names.slice(-MAX_FORMER_NAMES) };
}
