/**
 * What every engine must do. Each engine's test runs all of it.
 *
 * @module
 */
import type { World } from "../../../actors/world/world.ts";
import type { Driver } from "../../../actors/cluster/mod.ts";
import type { Guarantee } from "./_guarantee.ts";
import { journalContract } from "./_journal_contract.ts";
import { leaseTtlOf } from "./_patience.ts";
import { placementContract } from "./_placement_contract.ts";
import { recordsContract } from "./_records_contract.ts";
import { transportContract } from "./_transport_contract.ts";

/** All of them. */
export const contract: readonly Guarantee[] = [
  ...recordsContract,
  ...journalContract,
  ...placementContract,
  ...transportContract,
];

/** Runs the contract on the real world. `open` gives what makes connections to an engine of its own. */
export function testContract(
  engine: string,
  world: World,
  open: (leaseTtlMs: number) => Promise<{ connect(): Promise<Driver> } & AsyncDisposable>,
  options: { readonly ignore?: boolean } = {},
): void {
  let count = 0;
  for (const { name, run, hasShortLeases } of contract) {
    Deno.test({
      name: `cluster: ${engine}: ${name}`,
      ignore: options.ignore ?? false,
      fn: async () => {
        await using engine = await open(leaseTtlOf(hasShortLeases));
        await using connections = new AsyncDisposableStack();
        await run({
          world,
          unique: `t${++count}`,
          connect: async () => connections.use(await engine.connect()),
          pause: (ms) => new Promise((resolve) => void world.clock.timer(ms, resolve)),
        });
      },
    });
  }
}
