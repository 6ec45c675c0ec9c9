/**
 * An entity that keeps what it is told, in its order.
 *
 * @module
 */
import { persistent, reply } from "../../actors/cluster/mod.ts";
import type { Ref } from "../../mod.ts";

/** What a list can be told. */
export type ListCommand =
  | { readonly type: "note"; readonly name: string }
  | { readonly type: "read"; readonly replyTo: Ref<readonly string[]> };

/** A list. */
export const list = persistent({
  type: "list",
  idleTimeoutMs: 100,
  initial: (): readonly string[] => [],
  decide: (names, command: ListCommand) =>
    command.type === "note" ? { events: [command.name] } : { replies: [reply(command.replyTo, names)] },
  evolve: (names, name: string) => [...names, name],
});
