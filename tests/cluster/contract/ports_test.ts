import { memoryDriver } from "../../../actors/cluster/mod.ts";
import { limitsOf, type PortDriver, portDriver, serveDriver } from "../../../actors/cluster/engines/ports.ts";
import { denoWorld } from "../../../mod.ts";
import { testContract } from "./_contract.ts";

const world = denoWorld();

/** Hosts that reach each other, and who keeps their logs, over real message ports. */
testContract("ports", world, (leaseTtlMs) => {
  const { threads } = world;
  if (threads === undefined) throw new TypeError("Deno has threads");
  const kept = memoryDriver({ world, leaseTtlMs, maxBytes: 100_000 });
  const hosts: PortDriver[] = [];
  const served = new DisposableStack();
  return Promise.resolve({
    connect: () => {
      const [near, far] = threads.channel();
      serveDriver(kept, far, world);
      served.defer(() => far.close());
      const host = portDriver({ world, port: near, limits: limitsOf(kept) });
      for (const other of hosts) {
        const [one, two] = threads.channel();
        host.addHost(one);
        other.addHost(two);
      }
      hosts.push(host);
      return Promise.resolve(host);
    },
    [Symbol.asyncDispose]: () => {
      served.dispose();
      return Promise.resolve();
    },
  });
});
