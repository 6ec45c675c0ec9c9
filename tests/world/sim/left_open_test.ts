import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ActorSystem } from "../../../mod.ts";
import { type Program, simulate, type SimWorld, simWorld } from "../../../actors/world/sim/mod.ts";
import type { World } from "../../../actors/world/world.ts";
import { delay } from "../../sim/_harness.ts";

/** What a program opens, and does not close. */
const LEFT: Record<string, (world: World) => unknown> = {
  "the file /notes.txt": ({ disk }) => disk.open("/notes.txt", { write: true, create: true }),
  "the lock on /data": ({ disk }) => disk.lock("/data"),
  "a watch on a folder": ({ disk }) => disk.watch("/data", () => {}, () => {}),
  "the listener at [::]:80": ({ net }) => net.listenTcp({ hostname: "::", port: 80 }),
  "the datagram socket at [::]:80": ({ net }) => net.bindUdp({ hostname: "::", port: 80 }),
  "the connection to [fd00::2]:7": ({ net }) => net.connectTcp({ hostname: "server", port: 7 }),
};

/** A program that opens something, says that it has stopped, and may have closed what it had. */
function leaving(open: (world: World) => unknown, stop: () => Promise<void>): Program {
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

for (const how of ["accepted", "accepted, and reset since", "accepted while it stood still"]) {
  Deno.test(`simulated host: who stops and leaves a connection open that was ${how} fails the simulation`, async () => {
    const run = () =>
      simulate("what is left open", { seeds: 3 }, async (sim) => {
        const a = sim.host("a");
        a.start(({ net }) => {
          const listener = net.listenTcp({ hostname: "::", port: 80 });
          listener.accept().catch(() => {});
          return {
            async stop() {
              await Promise.resolve();
              listener.close();
            },
          };
        });
        if (how.endsWith("stood still")) a.pause();
        await sim.settle(sim.host("b").world.net.connectTcp({ hostname: "a", port: 80 }));
        await sim.advance(1000);
        if (how.endsWith("since")) sim.net.resetConnections("a");
        await sim.advance(1000);
      });
    const { message } = await assertRejects(run, Error);
    assertStringIncludes(message, "a says that it has stopped, and did not close the connection to");
  });
}

Deno.test("simulated host: all its programs are asked to stop", async () => {
  let stopped = 0;
  const run = (port: number): Program => ({ net }) => {
    const listener = net.listenTcp({ hostname: "::", port });
    return {
      async stop() {
        await Promise.resolve();
        listener.close();
        stopped++;
      },
    };
  };
  const { counts } = await simulate("two programs", { seeds: 1 }, async (sim) => {
    for (const port of [80, 81]) sim.host("a").start(run(port));
    await sim.advance(10);
  });
  // Once for each of the two runs that are compared.
  assertEquals(stopped, 4);
  assertEquals(counts, [], "what a run is asked at its end is no fault that it had");
});

Deno.test("simulated host: a start that fails, or never ends, is no matter of the end", async () => {
  let sawTheEnd = false;
  await simulate("what a test leaves", { seeds: 3 }, async (sim) => {
    const failed = () => sim.settle(sim.host("a").start(() => Promise.reject(new Error("bad settings"))));
    await assertRejects(failed, Error, "bad settings");
    sim.host("b").start(({ net }) => {
      const listener = net.listenTcp({ hostname: "::", port: 80 });
      const held: { close(): void }[] = [listener];
      listener.accept().then((connection) => held.push(connection));
      return {
        async stop() {
          await Promise.resolve();
          for (const each of held) each.close();
        },
      };
    });
    sim.host("c").start(async ({ net }) => {
      const connection = await net.connectTcp({ hostname: "b", port: 80 });
      if (await connection.read(new Uint8Array(1)) === null) sawTheEnd = true;
    });
    await sim.advance(1000);
  });
  assertEquals(sawTheEnd, false, "who cannot be asked is over before the others are asked");
});

Deno.test("simulated host: a start that fails with nobody looking fails the run", async () => {
  const failing = async (sim: SimWorld): Promise<void> => {
    sim.host("a").start(async ({ clock }) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      clock.timer(10, resolve);
      await promise;
      throw new Error("an assertion in a program");
    });
    await sim.advance(1000);
  };
  await assertRejects(() => simulate("a failed program", { seeds: 1 }, failing), Error, "an assertion in a");
});

Deno.test("simulated host: who can be asked is asked, whatever ran beside it", async () => {
  let stopped = 0;
  const stop = () => Promise.resolve(void stopped++);
  await simulate("beside", { seeds: [1], repeatEvery: 2 }, async (sim) => {
    sim.host("a").start(() => ({ stop }));
    sim.host("a").start(() => {});
    sim.host("b").start(() => Promise.resolve({ stop }));
    await sim.advance(10);
  });
  assertEquals(stopped, 4);
});

for (
  const [what, stop] of [
    ["a promise that nobody looks at", () => void Promise.reject(new Error("in the stop"))],
    ["a look at the real clock", () => void Date.now()],
  ] as const
) {
  Deno.test(`simulated host: ${what}, in a stop, fails the run`, async () => {
    const run = async (sim: SimWorld): Promise<void> => {
      sim.host("a").start((world) => {
        const system = new ActorSystem("a", { world });
        system.spawn("careless", (self) => {
          self.onStop(stop);
          return () => {};
        });
        return system;
      });
      await sim.advance(10);
    };
    await assertRejects(() => simulate("a careless stop", { seeds: 1 }, run), Error, "Cannot pass");
  });
}

Deno.test("simulated host: a file that is being opened when its program has stopped is left open", async () => {
  const opening: Program = ({ disk }) => ({
    async stop() {
      disk.open("/notes.txt", { write: true, create: true });
      await Promise.resolve();
    },
  });
  const run = () =>
    simulate("a late open", { seeds: 3 }, async (sim) => {
      sim.host("a").start(opening);
      await sim.advance(10);
    });
  const { message } = await assertRejects(run, Error);
  assertStringIncludes(message, "the open of /notes.txt under way");
});

Deno.test("simulated host: an operation that leaves nothing open may be under way at the end", async () => {
  await simulate("a look under way", { seeds: 3 }, async (sim) => {
    sim.host("a").start(({ disk }) => ({
      async stop() {
        disk.stat("/").catch(() => {});
        await Promise.resolve();
      },
    }));
    await sim.advance(10);
  });
});

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

Deno.test("simulated host: a stop that ends after its process was killed says nothing of the next life", async () => {
  const sim = simWorld({ seed: 1 });
  const host = sim.host("a");
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  host.start(() => ({ stop: () => stopped }));
  const down = host.shutDown();
  await sim.advance(1);
  host.restart(({ net }) => void net.listenTcp({ hostname: "::", port: 80 }));
  resolve();
  await sim.settle(down);
  sim.throwFailure();
  assertEquals(host.isUp, true);
  sim.close();
});
