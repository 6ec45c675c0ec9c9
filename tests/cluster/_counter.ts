/**
 * The entity that the tests of the cluster share.
 *
 * @module
 */
import { type EntityOptions, type EntityType, persistent, reply } from "../../actors/cluster/mod.ts";
import type { Ref } from "../../mod.ts";

/** What a counter can be told. */
export type CounterCommand =
  | { type: "add"; by: number; operationId?: string; replyTo: Ref<number> }
  | { type: "fail"; replyTo: Ref<number> }
  | { type: "epoch"; replyTo: Ref<number> }
  | { type: "get"; replyTo: Ref<number> };

interface Added {
  readonly by: number;
}

/** A counter. */
export function counterType(
  options: EntityOptions & { readonly snapshotEvery?: number; readonly reads?: "lease" | "barrier" } = {},
): EntityType<CounterCommand> {
  return persistent({
    type: "counter",
    ...options,
    initial: () => 0,
    decide: (count: number, command: CounterCommand, { epoch }) => {
      switch (command.type) {
        case "add":
          return { events: [{ by: command.by }], replies: [reply(command.replyTo, count + command.by)] };
        case "get":
          return { replies: [reply(command.replyTo, count)] };
        case "epoch":
          return { replies: [reply(command.replyTo, epoch)] };
        case "fail":
          throw new RangeError("not today");
      }
    },
    evolve: (count, event: Added) => count + event.by,
  });
}
