/**
 * What `decide` and `evolve` gave, looked at: not every program is checked by a compiler.
 *
 * @module
 */
import { isThenable } from "../runtime/thenable.ts";
import type { Decision } from "./persistent_definition.ts";

/**
 * The decision, where it is one: a plain object, with lists of events and of replies. Nothing is a decision
 * that nothing happens.
 *
 * @throws `TypeError` that says what is wrong with it.
 */
export function checkDecision<E>(type: string, given: Decision<E> | void): Decision<E> {
  const fail = (what: string) => new TypeError(`Cannot carry out a command: decide of ${type} gave ${what}`);
  const decision: unknown = given;
  if (decision === undefined) return {};
  if (isThenable(decision) && !Object.hasOwn(decision, "then")) {
    throw fail("a promise: it has to decide at once");
  }
  if (typeof decision !== "object" || decision === null || Array.isArray(decision)) {
    throw fail("no decision: an object with events, replies, then");
  }
  if (!isPlain(decision)) throw fail("no plain object");
  const { events, replies, then } = given ?? {};
  if (events !== undefined && !Array.isArray(events)) throw fail("events that are no array");
  if (replies !== undefined && !(Array.isArray(replies) && replies.every(isReply))) {
    throw fail("replies that are no array of reply(…)");
  }
  if (then !== undefined && typeof then !== "function") throw fail("a then that is no function");
  return given ?? {};
}

/** Throws `TypeError` on what is no state: what an asynchronous function or a generator gives. */
export function checkState(type: string, state: unknown): void {
  if (typeof state !== "object" || state === null) return;
  const fail = (what: string) => new TypeError(`Cannot make a state of ${type}: it is ${what}`);
  if (isThenable(state)) throw fail("a promise, and has to be there at once");
  if ("next" in state && typeof state.next === "function") throw fail("a generator, whose body nobody runs");
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isReply(value: unknown): boolean {
  return typeof value === "object" && value !== null && "to" in value && "message" in value &&
    "send" in value && typeof value.send === "function";
}
