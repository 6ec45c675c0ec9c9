/**
 * Node's event loop.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { EventLoop } from "../loop.ts";

/**
 * Node's event loop: each of its turns runs timers that are due, looks at the sockets, then runs what
 * `setImmediate` was given. The turn that is under way may have passed its timers already: so two of them.
 */
export const nodeLoop: EventLoop = {
  soon: (task) => queueMicrotask(task),
  afterPoll: (task) => void setImmediate(() => setImmediate(task)),
  nextTurn: (task) => void setImmediate(task),
};
