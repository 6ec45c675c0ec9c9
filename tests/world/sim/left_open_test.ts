import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type Program, simulate, simWorld } from "../../../actors/world/sim/mod.ts";
import type { World } from "../../../actors/world/world.ts";
import { delay } from "../../sim/_harness.ts";

/** What a program opens, and does not close. */
const LEFT: Record<string, (world: World) => Promise<unknown>> = {
  "the file /notes.txt": ({ disk }) => disk.open("/notes.txt", { write: true, create: true }),
  "the lock on /data": ({ disk }) => disk.lock("/data"),
  "a watch on a folder": async ({ disk }) => disk.watch("/data", () => {}, () => {}),
  "the listener at [::]:80": async ({ net }) => net.listenTcp({ hostname: "::", port: 80 }),
  "the datagram socket at [::]:80": async ({ net }) => net.bindUdp({ hostname: "::", port: 80 }),
  "the connection to [fd00::2]:7": ({ net }) => net.connectTcp({ hostname: "server", port: 7 }),
};

/** A program that opens something, says that it has stopped, and may have closed what it had. */
function leaving(open: (world: World) => Promise<unknown>, stop: () => Promise<void>): Program {
  return (world) => {
    open(world);
    return { stop };
  };
}

const atOnce = () => Promise.resolve();

for (const [what, open] of Object.entries(LEFT)) {
  Deno.test(`simulated host: who stops and leaves open ${what} fails the simulation`, async () => {
    const run = (stop: () => Promise<void>) =>
      simulate("what is left open", { seeds: 3 }, async (sim) => {
        const host = sim.host("a");
        host.disk.makeDirectory("/data");
        const server = sim.host("server").world.net.listenTcp({ hostname: "::", port: 7 });
        server.accept().catch(() => {});
        host.start(leaving(open, stop));
        await sim.advance(1000);
      });
    const { message } = await assertRejects(() => run(atOnce), Error);
    assertStringIncludes(message, `a says that it has stopped, and did not close ${what}`);
  });
}

Deno.test("simulated host: a stop that takes its time has given up on the disk, and may leave a file open", async () => {
  await simulate("a slow stop", { seeds: 3 }, async (sim) => {
    const host = sim.host("a");
    const open = ({ disk }: World) => disk.open("/notes.txt", { write: true, create: true });
    host.start(leaving(open, () => delay(host.world, 1500)));
    await sim.advance(100);
  });
});

Deno.test("simulated host: a connection that its process was not given is the kernel's to close", async () => {
  const sim = simWorld({ seed: 1 });
  const host = sim.host("a");
  host.start(({ net }) => {
    const listener = net.listenTcp({ hostname: "::", port: 80 });
    return {
      async stop() {
        listener.close();
        await Promise.resolve();
      },
    };
  });
  const dialled = sim.host("b").world.net.connectTcp({ hostname: "a", port: 80 });
  await sim.settle(dialled);
  await sim.settle(host.shutDown());
  sim.throwFailure();
  assertEquals(host.isUp, false);
  sim.close();
});

Deno.test("simulated host: who cannot be asked to stop is not asked what it has left open", async () => {
  await simulate("a program without an end", { seeds: 3 }, async (sim) => {
    sim.host("a").start(({ net }) => void net.listenTcp({ hostname: "::", port: 80 }));
    await sim.advance(10);
  });
});
