/**
 * Where traces and metrics take hold of a system.
 *
 * @module
 */
import type { Meter } from "./meter.ts";
import type { Ref } from "./ref.ts";
import type { Tracer } from "./tracing.ts";

/** One handler that was timed. */
export interface HandledSample {
  /** The actor. */
  readonly actor: Ref<never>;
  /** The `type` of the message, where it has one. */
  readonly messageType: string | undefined;
  /** Milliseconds that the handler took, up to its first `await`. */
  readonly durationMs: number;
  /** Messages that wait behind it. */
  readonly waiting: number;
}

/**
 * What a system tells of its messages, given to it when it is made. What is left out costs nothing; what
 * happens seldom (starts, stops, failures, dead letters) is in `system.events`, and what can be counted in
 * `system.tree()`. `sampled` costs nothing but the handlers that it times; `send` and `receive` about as
 * much as the message itself does.
 *
 * @example A trace that follows a message from actor to actor
 * ```ts
 * import { ActorSystem, type Instruments } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: string[] = [];
 * let current: string | undefined; // the trace of the handler that is running
 * const instruments: Instruments = {
 *   send: (_target, message) => current ?? (message === "start" ? "trace 1" : undefined),
 *   receive: (context, actor, message, handle) => {
 *     seen.push(`${context}: ${message} at ${actor.path}`);
 *     current = String(context);
 *     try {
 *       return handle();
 *     } finally {
 *       current = undefined;
 *     }
 *   },
 * };
 *
 * await using system = new ActorSystem("demo", { instruments });
 * const done = Promise.withResolvers<void>();
 * const second = system.spawn<string>("second", () => () => done.resolve());
 * const first = system.spawn<string>("first", () => () => second.tell("go on"));
 * first.tell("start");
 * await done.promise;
 * assertEquals(seen, ["trace 1: start at /demo/first", "trace 1: go on at /demo/second"]);
 * ```
 */
export interface Instruments {
  /**
   * Follows work from message to message; an instrument `send` goes before it. @default nothing is followed
   */
  readonly tracer?: Tracer;
  /** What actors count and measure of their own work, by `self.meter`. @default nothing is counted */
  readonly meter?: Meter;
  /**
   * Asked at each message that is sent: what it gives travels with the message, `undefined` lets it go as it
   * is. While it runs, whoever sends is running.
   */
  readonly send?: (target: Ref<never>, message: unknown) => unknown;
  /**
   * Handles a message that travels with a context, by calling `handle` once and returning what that returns.
   */
  readonly receive?: (
    context: unknown,
    actor: Ref<never>,
    message: unknown,
    handle: () => unknown,
  ) => unknown;
  /**
   * Told of one handler in about a thousand, and at most of one in ten milliseconds, which was timed. All
   * other messages cost what they cost without it.
   *
   * @example
   * ```ts
   * import { ActorSystem, type HandledSample, type Instruments } from "@troupe/actors";
   * import { assert, assertEquals } from "@std/assert";
   *
   * const samples: HandledSample[] = [];
   * const instruments: Instruments = { sampled: (sample) => samples.push(sample) };
   * await using system = new ActorSystem("demo", { instruments });
   * const done = Promise.withResolvers<void>();
   * let left = 2000;
   * const ref = system.spawn<{ type: "work" }>("worker", () => () => void (--left === 0 && done.resolve()));
   * for (let i = 0; i < 2000; i++) ref.tell({ type: "work" });
   * await done.promise;
   * const [first] = samples;
   * assertEquals(`${first?.messageType} at ${first?.actor.path}`, "work at /demo/worker");
   * assert(samples.length < 5 && samples.every(({ durationMs }) => durationMs >= 0));
   * ```
   */
  readonly sampled?: (sample: HandledSample) => void;
}
