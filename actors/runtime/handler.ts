/**
 * What may start an actor, and what may handle its messages.
 *
 * @module
 */

/** Handles one message. A promise suspends this actor, and no other, until it settles. */
export type Receive<in M> = (message: M) => void | Promise<void>;

/**
 * Whether this handles messages. A generator does not: to call it runs nothing of it, so that its messages
 * would be gone in silence.
 */
export function isHandler(value: unknown): value is Receive<unknown> {
  // Nearly all are plain functions: of those no more is asked.
  return typeof value === "function" &&
    (value.constructor === Function || !isGenerator(value));
}

function isGenerator(handler: object): boolean {
  return /Generator/.test(Object.prototype.toString.call(handler));
}

/** The error about something that cannot handle messages. `from` says who gave it. */
export function notAHandler(path: string, from: string, value: unknown): TypeError {
  const what = typeof value === "function" ? "a generator, whose body nobody runs" : typeof value;
  return new TypeError(`Cannot start ${path}: ${from} ${what}, not a function that handles messages`);
}

/** Throws `TypeError` on what cannot start an actor. */
export function checkBehavior(name: string, behavior: unknown): void {
  if (typeof behavior === "function") return;
  throw new TypeError(`Cannot spawn "${name}": its behaviour is ${typeof behavior}, not a function`);
}
