/**
 * Node's event loop.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { EventLoop } from "../loop.ts";

/** Node's event loop: each of its turns looks at the sockets, then runs what `setImmediate` was given. */
export const nodeLoop: EventLoop = {
  soon: (task) => queueMicrotask(task),
  afterPoll: (task) => void setImmediate(task),
  nextTurn: (task) => void setImmediate(task),
};
