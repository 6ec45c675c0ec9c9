/**
 * The entity of the torture: it keeps the name of every operation, in order.
 *
 * @module
 */
import { type EntityType, persistent, reply } from "../../../actors/cluster/mod.ts";
import type { Ref } from "../../../mod.ts";

/** What is answered. */
export interface LedgerAnswer {
  /** Operations so far. */
  readonly count: number;
  /** The owner that answers. */
  readonly epoch: number;
}

/** What a ledger can be told. */
export type LedgerCommand =
  | { readonly type: "add"; readonly operationId: string; readonly replyTo: Ref<LedgerAnswer> }
  | { readonly type: "read"; readonly replyTo: Ref<LedgerAnswer> };

/** The names of all operations, oldest first. */
export const ledger: EntityType<LedgerCommand> = persistent({
  type: "ledger",
  snapshotEvery: 100,
  initial: () => [] as readonly string[],
  decide: (names: readonly string[], command: LedgerCommand, { epoch }) => {
    if (command.type === "read") return { replies: [reply(command.replyTo, { count: names.length, epoch })] };
    const answer = { count: names.length + 1, epoch };
    return { events: [command.operationId], replies: [reply(command.replyTo, answer)] };
  },
  evolve: (names, name: string) => [...names, name],
});
