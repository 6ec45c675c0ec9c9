/**
 * A host of the torture, as a process: `_host.ts HOST_ID REPLICAS LEASE_TTL_MS FENCE SERVER…`.
 *
 * @module
 */
import { composeEngine, type Driver, joinCluster } from "../../../actors/cluster/mod.ts";
import { natsDriver } from "../../../actors/cluster/engines/nats.ts";
import { ActorSystem, denoWorld } from "../../../mod.ts";
import { ledger } from "./_ledger.ts";

/** The most that an append waits before it is sent. */
const SLOW_MS = 60;

const [hostId = "", replicas, leaseTtlMs, fence, ...servers] = Deno.args;
const world = denoWorld({ log: { level: "error" } });
const driver = await natsDriver({
  world,
  servers,
  replicas: Number(replicas),
  leaseTtlMs: Number(leaseTtlMs),
  startTimeoutMs: 60_000,
});
const slow = withSlowAppends(driver);
const engine = composeEngine(fence === "off" ? withoutFence(slow) : slow, world);
const system = new ActorSystem(hostId, { world });
const cluster = await joinCluster(system, { engine, types: [ledger], hostId });
console.log("joined");
// Whoever started it is gone: so is this.
Deno.stdin.readable.pipeTo(new WritableStream()).finally(() => Deno.exit(1));
// Ended by a signal: SIGKILL, or SIGTERM at the very end.
Deno.addSignalListener("SIGTERM", async () => {
  await cluster.leave();
  await system.stop();
  await engine[Symbol.asyncDispose]();
  Deno.exit(0);
});

/**
 * A driver whose appends wait a moment before they are sent: what is frozen then is sent when others own it.
 */
function withSlowAppends(real: Driver): Driver {
  const { records } = real;
  const slow: Driver = {
    ...real,
    records: {
      maxRecordBytes: records.maxRecordBytes,
      read: (key) => records.read(key),
      tail: (key) => records.tail(key),
      trim: (key, seq) => records.trim(key, seq),
      writeSnapshot: (key, revision, snapshot) => records.writeSnapshot(key, revision, snapshot),
      async append(key, tail, body) {
        await new Promise((resolve) => setTimeout(resolve, SLOW_MS * Math.random()));
        return await records.append(key, tail, body);
      },
    },
  };
  return Object.defineProperty(slow, "isConnected", { get: () => real.isConnected });
}

/** A driver that writes behind whatever is last, and says that this was expected. */
function withoutFence(real: Driver): Driver {
  const { records } = real;
  return {
    ...real,
    get isConnected() {
      return real.isConnected;
    },
    records: {
      maxRecordBytes: records.maxRecordBytes,
      read: (key) => records.read(key),
      tail: (key) => records.tail(key),
      trim: () => Promise.resolve(),
      writeSnapshot: (_key, revision) => Promise.resolve(revision + 1),
      async append(key, _tail, body) {
        for (;;) {
          const tail = await records.tail(key);
          try {
            return await records.append(key, tail, body.replace(/"previous":\d+/, `"previous":${tail}`));
          } catch (error) {
            if (!(error instanceof Error) || error.name !== "Conflict") throw error;
          }
        }
      },
    },
  };
}
