/**
 * Many alike behind one address.
 *
 * @module
 */
import { mailboxes } from "./actor_ref.ts";
import type { Behavior } from "./behavior.ts";
import type { SpawnOptions } from "./spawn_options.ts";
import { MailboxFull } from "./errors.ts";
import { checkBehavior } from "./handler.ts";
import { inWords } from "./in_words.ts";
import { checkOptions } from "./options.ts";
import type { Ref } from "./ref.ts";

/**
 * Who of a pool is given a message: each in turn; who has the fewest waiting; or, by a key of the message,
 * always the same one for the same key, so that what belongs together stays in order.
 */
export type Routing<M> = "round-robin" | "least-loaded" | ((message: M) => string);

/** Options of {@linkcode pool}. */
export interface PoolOptions<M> {
  /** How many there are, 1 or more. */
  readonly size: number;
  /** Who is given a message. @default "round-robin" */
  readonly route?: Routing<M>;
  /** Options of each of them. */
  readonly worker?: SpawnOptions<M>;
}

/**
 * A behaviour that starts `size` actors of the same behaviour, named `1` to `size`, and hands each message on
 * to one of them. The members are restarted one for one; where all have stopped, messages are dead letters.
 * Where the one whose turn it is has a full mailbox that rejects, the pool waits for it, and whoever sends
 * may be bounded by the pool's own mailbox.
 *
 * @throws `RangeError` on a size below 1, and as {@linkcode Context.spawn} on the options of the members.
 *
 * @example
 * ```ts
 * import { ActorSystem, pool, type Ref } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * type Job = { n: number; replyTo: Ref<string> };
 * await using system = new ActorSystem("demo");
 * const workers = system.spawn("workers", pool<Job>(
 *   (self) => ({ n, replyTo }) => replyTo.tell(`${n * n} by ${self.path}`),
 *   { size: 2 },
 * ));
 * const answers = [3, 4, 5].map((n) => workers.ask({ n }, { timeoutMs: 1000 }));
 * assertEquals(await Promise.all(answers), [
 *   "9 by /demo/workers/1",
 *   "16 by /demo/workers/2",
 *   "25 by /demo/workers/1",
 * ]);
 * ```
 */
export function pool<M>(behavior: Behavior<M>, options: PoolOptions<M>): Behavior<M> {
  const { size, route = "round-robin", worker } = options;
  if (!(Number.isInteger(size) && size >= 1)) {
    throw new RangeError(`Cannot make a pool of ${inWords(size)}: it takes a whole number from 1`);
  }
  if (typeof route !== "function" && route !== "round-robin" && route !== "least-loaded") {
    throw new TypeError(
      `Cannot route by ${inWords(route)}: it takes "round-robin", "least-loaded" or a function`,
    );
  }
  checkOptions("1", worker);
  checkBehavior("1", behavior);
  return (self) => {
    const members = Array.from({ length: size }, (_, i) => self.spawn(String(i + 1), behavior, worker));
    const choose = router(route);
    return (message) => {
      const open = members.filter(({ isOpen }) => isOpen);
      // Where nobody is left, the last address says so: a dead letter.
      const member = open.length === 0 ? members[0] : open[choose(open, message)];
      return member && handOn(member, message);
    };
  };
}

/**
 * Where a member's mailbox is full and would reject, the pool waits for room: so its own mailbox fills, and
 * its bound holds.
 */
function handOn<M>(member: Ref<M>, message: M): void | Promise<void> {
  try {
    member.tell(message);
  } catch (error) {
    if (!(error instanceof MailboxFull)) throw error;
    // One that stops meanwhile has it as a dead letter.
    return member.offer(message).catch(() => member.tell(message));
  }
}

function router<M>(route: Routing<M>): (members: readonly Ref<M>[], message: M) => number {
  if (route === "least-loaded") return leastLoaded;
  if (typeof route === "function") return (members, message) => hash(route(message)) % members.length;
  let turn = 0;
  return (members) => turn++ % members.length;
}

function leastLoaded<M>(members: readonly Ref<M>[]): number {
  let best = 0;
  let least = Infinity;
  members.forEach((member, i) => {
    const waiting = mailboxes.hostOf(member)?.waiting ?? Infinity;
    if (waiting >= least) return;
    least = waiting;
    best = i;
  });
  return best;
}

/** FNV-1a over the UTF-16 units of a key. */
function hash(key: string): number {
  let hashed = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hashed = Math.imul(hashed ^ key.charCodeAt(i), 0x01000193);
  return hashed >>> 0;
}
