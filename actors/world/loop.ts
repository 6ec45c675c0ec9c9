/**
 * The event loop that actors run on.
 *
 * @module
 */

/** The event loop on which the scheduler drains its queue. */
export interface EventLoop {
  /** Runs `task` when the running code has returned, before sockets and timers are looked at. */
  soon(task: () => void): void;
  /** Runs `task` after sockets and timers had their turn. */
  afterPoll(task: () => void): void;
  /** Runs `task` in the next turn of the loop; cheap, and does not promise that sockets were polled. */
  nextTurn(task: () => void): void;
  /** Given `count` actors that are ready, says which goes next. Without it: first come, first served. */
  choose?(count: number): number;
}
