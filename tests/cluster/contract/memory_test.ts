import { memoryDriver } from "../../../actors/cluster/mod.ts";
import { denoWorld } from "../../../mod.ts";
import { testContract } from "./_contract.ts";

const world = denoWorld();

testContract("memory", world, (leaseTtlMs) => {
  const driver = memoryDriver({ world, leaseTtlMs, maxBytes: 100_000 });
  // All hosts of the process share it: it is closed with the last.
  const shared = { ...driver, [Symbol.asyncDispose]: () => Promise.resolve() };
  return Promise.resolve({ ...driver, connect: () => Promise.resolve(shared) });
});
