/**
 * Actors as a page is sent them.
 *
 * @module
 */
import type { InspectorRow } from "../../protocols/inspector.ts";
import type { ActorSnapshot } from "../runtime/mod.ts";
import type { HandlingTimes } from "./handling_times.ts";

/** A path that is longer is cut: it cannot be opened, and does not fill the page's memory. */
const MAX_PATH = 4000;

/** An actor as a row under its parent: by the last part of its path. */
export function rowOf(actor: ActorSnapshot, times: HandlingTimes): InspectorRow {
  return makeRow(actor.path.slice(actor.path.lastIndexOf("/") + 1), actor, times);
}

/** An actor as a row among others from all over the tree: by its path. */
export function pathRowOf(actor: ActorSnapshot, times: HandlingTimes): InspectorRow {
  const { path } = actor;
  return makeRow(path.length <= MAX_PATH ? path : `${path.slice(0, MAX_PATH)}…`, actor, times);
}

function makeRow(name: string, actor: ActorSnapshot, times: HandlingTimes): InspectorRow {
  const { state, mailbox, highWater, handled, restarts, childCount } = actor;
  const meanMs = times.mean(actor.path);
  return {
    ...{ name, state, mailbox, highWater, handled, restarts, childCount },
    ...(meanMs === undefined ? {} : { meanMs }),
  };
}
