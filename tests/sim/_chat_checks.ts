/**
 * What holds of what the members of a chat have heard, whatever happened.
 *
 * @module
 */
import { assert } from "@std/assert";
import type { SimWorld } from "../../actors/world/sim/mod.ts";

/** The name that two fight for. */
export const RIVAL_NAME = "throne";

/** A name has one owner at a time: it comes only after it has gone. */
export function checkNames(sim: SimWorld, sessions: readonly (readonly string[])[]): void {
  for (const received of sessions) {
    const events = received.filter((line) => RIVALRY.test(line)).map((line) => line.includes(" has joined "));
    sim.sometimes("a name changed hands", events.filter((hasJoined) => hasJoined).length > 1);
    const twice = events.findIndex((hasJoined, at) => at > 0 && hasJoined === events[at - 1]);
    assert(twice < 0, `${RIVAL_NAME} has ${events[twice] ? "come while it was there" : "gone twice"}`);
  }
}

/** Names are never used twice, so that each of these can happen once. */
export const SPOKEN = /^m\d-\d+: /;
const EVENT = /^m\d-\d+(: | has (joined|left) the chat\.$)/;
const RIVALRY = new RegExp(`^${RIVAL_NAME} has (joined|left) the chat`, "i");

/** Whether a line tells of what can happen once alone: something said, a coming, a going. */
export function isEvent(line: string): boolean {
  return EVENT.test(line);
}

/** Whose event it is: who does something is not told of it. */
export function authorOf(event: string): string {
  return event.replace(/[: ].*/s, "");
}

/** Nobody is told twice, and all who heard two things heard them in one order. */
export function checkOrder(sessions: readonly (readonly string[])[]): void {
  for (const events of sessions) {
    const twice = events.find((event, index) => events.indexOf(event) !== index);
    assert(twice === undefined, `somebody was told twice: ${twice}`);
  }
  for (const [index, one] of sessions.entries()) {
    const places = new Map(one.map((event, place) => [event, place]));
    for (const other of sessions.slice(index + 1)) checkSameOrder(one, places, other);
  }
}

/**
 * Two who were in the room at once have heard the same between the first and the last that both heard, but
 * for their own.
 */
function checkSameOrder(
  one: readonly string[],
  places: ReadonlyMap<string, number>,
  other: readonly string[],
): void {
  const common = other.filter((event) => places.has(event));
  const [first, last] = [common[0], common.at(-1)];
  if (first === undefined || last === undefined) return;
  const within = (events: readonly string[]) => events.slice(events.indexOf(first), events.indexOf(last) + 1);
  // What is missing on one side must be what that side did itself: one name, as each session has one.
  const [mine, theirs] = [within(one), within(other)];
  const onlyMine = new Set(mine.filter((event) => !theirs.includes(event)).map(authorOf));
  const onlyTheirs = new Set(theirs.filter((event) => !mine.includes(event)).map(authorOf));
  assert(
    onlyMine.size <= 1 && onlyTheirs.size <= 1,
    `some heard what others did not: ${[...onlyMine, ...onlyTheirs]}`,
  );
  const shared = mine.filter((event) => theirs.includes(event));
  const difference = shared.findIndex((event, place) => event !== common[place]);
  assert(difference < 0, `${shared[difference]} came to some before, to others after ${common[difference]}`);
}

/**
 * The history has what was heard, in its order. For each time that the disk failed, lines in a row may be
 * missing of those who are no longer connected: a crash came before the file could be written anew.
 */
export function checkHistory(
  history: readonly string[],
  sessions: readonly (readonly string[])[],
  diskFailures: number,
): void {
  assert(new Set(history).size === history.length, "a line is in the history twice");
  const places = new Map(history.map((line, place) => [line, place]));
  const oldest = history[0];
  for (const events of sessions) {
    const spoken = events.filter((event) => SPOKEN.test(event));
    // The history goes back 50 lines: from there on, all that was heard is in it, in its order.
    const from = spoken.findIndex((event) => places.has(event));
    if (from < 0) continue;
    let last = -1;
    let gaps = 0;
    for (const [index, event] of spoken.entries()) {
      if (index < from) continue;
      const place = places.get(event);
      if (place === undefined && places.has(spoken[index - 1] ?? "")) gaps++;
      const isWell = place === undefined ? gaps <= diskFailures : place > last;
      assert(
        isWell,
        `${event} was heard and is not in its place in the history, which begins with ${oldest}`,
      );
      last = place ?? last;
    }
  }
}
