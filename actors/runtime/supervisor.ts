/**
 * A supervisor: an actor that does nothing but keep its children running.
 *
 * @module
 */
import { assertNever, type Behavior, withPrivateMessages } from "./behavior.ts";
import type { SpawnOptions } from "./spawn_options.ts";
import { checkBehavior } from "./handler.ts";
import { checkOptions, checkSupervision } from "./options.ts";
import type { AskOptions, Ref } from "./ref.ts";
import type { GroupStrategy, SuperviseOptions } from "./supervision.ts";

/**
 * What a supervisor starts: made by {@linkcode childSpec}. Data: it may be kept, listed, and started again.
 */
export interface ChildSpec<out C = unknown> {
  /** Its name under the supervisor. */
  readonly name: string;
  /** Its options: among them `restart`, which says when it is started again. */
  readonly options: SpawnOptions | undefined;
  /** Starts it under a parent. */
  readonly start: (spawn: Spawn) => Ref<never>;
  /** Never there: it ties what the child is to its spec. */
  readonly _child?: C;
}

/** Starts a child: {@linkcode Context.spawn}. */
export type Spawn = <C>(name: string, behavior: Behavior<C>, options?: SpawnOptions<C>) => Ref<C>;

/**
 * Describes a child of a {@linkcode supervisor}: data, from which a running one starts a child, too.
 *
 * @throws `TypeError` or `RangeError` on a name or an option that no actor can have.
 *
 * @example
 * ```ts
 * import { ActorSystem, childSpec, supervisor } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * await using system = new ActorSystem("demo");
 * const jobs = system.spawn("jobs", supervisor("one-for-one", []));
 * const spec = childSpec("job-1", () => () => {}, { restart: "temporary" });
 * const reply = await jobs.ask({ type: "start-child", spec }, { timeoutMs: 1000 });
 * assertEquals(reply.type, "started");
 * assertEquals(await jobs.ask({ type: "list-children" }, { timeoutMs: 1000 }), ["job-1"]);
 * ```
 */
export function childSpec<C>(
  name: string,
  behavior: Behavior<C>,
  options?: SpawnOptions<C>,
): ChildSpec<Ref<C>> {
  checkBehavior(name, behavior);
  checkOptions(name, options);
  return {
    name,
    options: options as SpawnOptions | undefined,
    start: (spawn) => spawn(name, behavior, options),
  };
}

/** What a supervisor can be told. */
export type SupervisorCommand =
  /** Starts a child more. */
  | { readonly type: "start-child"; readonly spec: ChildSpec; readonly replyTo: Ref<StartChildReply> }
  /** Stops a child, and answers when it is gone: false when there is none of that name. */
  | { readonly type: "stop-child"; readonly name: string; readonly replyTo: Ref<boolean> }
  /** Names the children that run, oldest first. */
  | { readonly type: "list-children"; readonly replyTo: Ref<readonly string[]> };

/** How the start of a child went. */
export type StartChildReply =
  | { readonly type: "started"; readonly child: Ref<never> }
  | { readonly type: "failed"; readonly error: unknown };

/** What a supervisor tells itself. */
type Stopped = { readonly type: "child-stopped"; readonly replyTo: Ref<boolean> };

/**
 * A behaviour that starts its children in order, each when the one before it has started, and restarts them
 * by `strategy`. It has started when they have: `await system.started(ref)`.
 *
 * The specs are checked before anything starts.
 *
 * @throws `TypeError` on an unknown strategy or order, or a name that is used twice or is none; `RangeError`
 * on an option out of range.
 *
 * @example
 * ```ts
 * import { ActorSystem, childSpec, supervisor } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * await using system = new ActorSystem("demo");
 * const started: string[] = [];
 * const child = (name: string) => childSpec(name, () => {
 *   started.push(name);
 *   return () => {};
 * });
 * const pair = system.spawn("pair", supervisor("one-for-all", [child("first"), child("second")]));
 * await system.started(pair);
 * assertEquals(started, ["first", "second"]);
 * ```
 */
export function supervisor(
  strategy: GroupStrategy,
  specs: readonly ChildSpec[],
  options?: SuperviseOptions,
): Behavior<SupervisorCommand> {
  checkSupervision(strategy, options ?? {});
  const names = new Set<string>();
  for (const spec of specs) {
    checkOptions(spec.name, spec.options);
    if (names.has(spec.name)) throw new TypeError(`Cannot supervise two children of the name "${spec.name}"`);
    names.add(spec.name);
  }
  return withPrivateMessages<SupervisorCommand, Stopped>((self) => {
    self.supervise(strategy, options);
    const spawn: Spawn = (name, behavior, childOptions) => self.spawn(name, behavior, childOptions);
    const children = new Map<string, Ref<never>>();

    function start(spec: ChildSpec): Ref<never> {
      const child = spec.start(spawn);
      children.set(spec.name, child);
      return child;
    }

    function startLater(spec: ChildSpec, replyTo: Ref<StartChildReply>): void {
      const answer = (reply: StartChildReply) => void replyTo.offer(reply).catch(() => {});
      let child: Ref<never>;
      try {
        child = start(spec);
      } catch (error) {
        return answer({ type: "failed", error });
      }
      // Not by a message of its own: a start that fails may cost the supervisor this life.
      self.started(child).then(
        () => answer({ type: "started", child }),
        (error) => answer({ type: "failed", error }),
      );
    }

    function stop(name: string, replyTo: Ref<boolean>): void {
      const child = children.get(name);
      if (child === undefined || !child.isOpen) return replyTo.tell(false);
      self.watch(child, () => ({ type: "child-stopped", replyTo }));
      self.stop(child);
    }

    const receive = (message: SupervisorCommand | Stopped): void => {
      switch (message.type) {
        case "start-child":
          return startLater(message.spec, message.replyTo);
        case "stop-child":
          return stop(message.name, message.replyTo);
        case "list-children":
          for (const [name, child] of children) if (!child.isOpen) children.delete(name);
          return message.replyTo.tell([...children.keys()]);
        case "child-stopped":
          return message.replyTo.tell(true);
        default:
          assertNever(message);
      }
    };
    return startInOrder(specs, start, (child) => self.started(child)).then(() => receive);
  });
}

/**
 * Starts each when the one before it has started. One that stops instead has had its decision: the next may
 * start.
 */
async function startInOrder(
  specs: readonly ChildSpec[],
  start: (spec: ChildSpec) => Ref<never>,
  started: (child: Ref<never>) => Promise<void>,
): Promise<void> {
  for (const spec of specs) {
    const child = start(spec);
    await started(child).catch((error) => {
      if (child.isOpen) throw error;
    });
  }
}

/**
 * Starts a child more under a {@linkcode supervisor}, and resolves to its ref when it has started.
 *
 * @throws what its start failed with; `TypeError` when its name is in use; what {@linkcode Ref.ask} does.
 *
 * @example
 * ```ts
 * import { ActorSystem, childSpec, type Ref, startChild, supervisor } from "@troupe/actors";
 * import { assertEquals } from "@std/assert";
 *
 * await using system = new ActorSystem("demo");
 * const workers = system.spawn("workers", supervisor("one-for-one", []));
 * const doubler = childSpec("doubler", () => (message: { n: number; replyTo: Ref<number> }) =>
 *   message.replyTo.tell(message.n * 2), { restart: "temporary" });
 *
 * const ref = await startChild(workers, doubler, { timeoutMs: 1000 });
 * assertEquals(await ref.ask({ n: 21 }, { timeoutMs: 1000 }), 42);
 * ```
 */
export async function startChild<C extends Ref<never>>(
  supervisor: Ref<SupervisorCommand>,
  spec: ChildSpec<C>,
  options: AskOptions,
): Promise<C> {
  const reply = await supervisor.ask<StartChildReply>(
    (replyTo) => ({ type: "start-child", spec, replyTo }),
    options,
  );
  if (reply.type === "failed") throw reply.error;
  // The spec's own child.
  return reply.child as C;
}
