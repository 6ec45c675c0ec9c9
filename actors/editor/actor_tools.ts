/**
 * What the parts of a document are given of its actor: all they do runs in it, one thing at a time.
 *
 * @module
 */
import type { ActorLog, Context, Counter, Meter } from "../runtime/mod.ts";
import type { Cancellable, World } from "../world/world.ts";

/** An actor, as its parts see it. */
export interface ActorTools {
  readonly world: World;
  readonly log: ActorLog;
  readonly meter: Meter;
  /** Runs one of the two in the actor when the promise has settled. */
  settle<T>(promise: Promise<T>, done: (value: T) => void, failed: (error: unknown) => void): void;
  /** Runs a task in the actor in so many milliseconds. */
  later(delayMs: number, task: () => void): Cancellable;
  /** Runs a task in the actor behind the messages that wait for it now. */
  behind(task: () => void): void;
}

/** A task for an actor, as a message to itself. */
export interface RunTask {
  readonly type: "run";
  readonly task: () => void;
}

/** The tools of an actor that runs the tasks it is told. */
export function actorTools(
  self: Pick<Context<RunTask>, "world" | "log" | "meter" | "pipe" | "after" | "self">,
): ActorTools {
  const run = (task: () => void): RunTask => ({ type: "run", task });
  return {
    world: self.world,
    log: self.log,
    meter: self.meter,
    settle: (promise, done, failed) =>
      self.pipe(promise, (value) => run(() => done(value)), (error) => run(() => failed(error))),
    later: (delayMs, task) => self.after(delayMs, run(task)),
    behind: (task) => self.self.tell(run(task)),
  };
}

/** Updates that were committed, by the door that they came in by. */
export function updateCounter(meter: Meter, door: "line" | "web"): Counter {
  return meter.counter("troupe.editor.updates", {
    unit: "{update}",
    description: "Updates of documents that were committed.",
    attributes: { "troupe.door": door },
  });
}
