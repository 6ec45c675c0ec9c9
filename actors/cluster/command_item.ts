/**
 * One command of a persistent entity, from its decision to its answer.
 *
 * @module
 */
import { WriteRefused } from "./errors.ts";
import { checkKept, checkValue } from "./codec.ts";
import type { JournalEntry } from "./engine.ts";
import type { Decision, Reply } from "./persistent_definition.ts";
import { isRef } from "./ref_codec.ts";

/** One command, decided. */
export interface Item {
  readonly command: unknown;
  /** What is written; undefined of one that changes nothing. */
  readonly entry: JournalEntry | undefined;
  readonly replies: readonly Reply[];
  readonly then: (() => void) | undefined;
}

/**
 * What is to be done about a command, as it was decided.
 *
 * @throws `TypeError` when what is to be written, or told, cannot be, by its place.
 */
export function itemOf(command: unknown, operationId: string | undefined, decision: Decision<unknown>): Item {
  const { events = [], replies = [], then } = decision;
  for (const { message } of replies) checkValue(message);
  if (events.length === 0) return { command, entry: undefined, replies, then };
  checkKept(events);
  if (operationId === undefined) return { command, entry: { events }, replies, then };
  const replyTo = replyToOf(command);
  const own = replyTo && replies.find(({ to }) => to === replyTo);
  if (own !== undefined) checkKept(own.message);
  const entry = { events, operationId, ...(own && { reply: own.message }) };
  return { command, entry, replies, then };
}

/**
 * Whether a journal was given what it does not take, for its size or its kind, or takes nothing: nothing was
 * written.
 */
export function cannotBeWritten(error: unknown): boolean {
  return error instanceof RangeError || error instanceof TypeError || error instanceof WriteRefused;
}

/** Who asked, where somebody did. */
export function replyToOf(command: unknown): Reply["to"] | undefined {
  if (typeof command !== "object" || command === null || !("replyTo" in command)) return undefined;
  const { replyTo } = command;
  return typeof replyTo === "object" && replyTo !== null && isRef(replyTo) ? replyTo : undefined;
}

/** A field of a message that is a text. */
export function textField(message: unknown, name: string): string | undefined {
  if (typeof message !== "object" || message === null || !(name in message)) return undefined;
  const value: unknown = Reflect.get(message, name);
  return typeof value === "string" ? value : undefined;
}
