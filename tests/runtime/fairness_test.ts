import { assert, assertEquals, assertRejects } from "@std/assert";
import { ActorSystem, type Behavior, escalate, type Ref, restart, resume, topic } from "../../mod.ts";
import { simWorld } from "../../actors/world/sim/mod.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { deadline, PATIENCE_MS, until } from "../_helpers.ts";

/** Ways never to come to an end. Each is given what to call as it goes on. */
const FLOODS: Readonly<Record<string, (system: ActorSystem, beat: () => void) => void>> = {
  "tells itself": (system, beat) => {
    system.spawn<string>("flood", (self) => (message) => {
      beat();
      self.self.tell(message);
    }).tell("on");
  },
  "tells itself twice, and is never done": (system, beat) => {
    let waiting = 1;
    system.spawn<string>("flood", (self) => (message) => {
      beat();
      for (waiting--; waiting < 5000; waiting++) self.self.tell(message);
    }).tell("on");
  },
  "tells itself in handlers that are promises": (system, beat) => {
    system.spawn<string>("flood", (self) => async (message) => {
      beat();
      await Promise.resolve();
      self.self.tell(message);
    }).tell("on");
  },
  "offers itself in a bounded mailbox": (system, beat) => {
    system.spawn<string>("flood", (self) => async (message) => {
      beat();
      await self.self.offer(message);
    }, { mailbox: { capacity: 1 } }).tell("on");
  },
  "pipes settled promises to itself": (system, beat) => {
    system.spawn<string>("flood", (self) => (message) => {
      beat();
      self.pipe(Promise.resolve(message), (same) => same, () => message);
    }).tell("on");
  },
  "answers another that answers it": (system, beat) => {
    const player: Behavior<Ref<never>> = (self) => (other) => {
      beat();
      (other as Ref<Ref<never>>).tell(self.self);
    };
    const [ping, pong] = [system.spawn("ping", player), system.spawn("pong", player)];
    ping.tell(pong);
  },
  "asks another that answers": (system, beat) => {
    const answering = system.spawn<Ref<string>>("answering", () => (replyTo) => replyTo.tell("on"));
    system.spawn<string>("flood", () => async () => {
      for (;;) {
        beat();
        await answering.ask<string>((replyTo) => replyTo, { timeoutMs: 60_000 });
      }
    }, { shutdownMs: 1000 }).tell("on");
  },
  "fails on each message, and is resumed": (system, beat) => {
    system.spawn<string>("flood", (self) => (message) => {
      beat();
      self.self.tell(message);
      throw new Error("told to");
    }, { onFailure: resume() }).tell("on");
  },
  "fails on each message, and is restarted": (system, beat) => {
    system.spawn<string>("flood", (self) => (message) => {
      beat();
      self.self.tell(message);
      throw new Error("told to");
    }, { onFailure: restart({ limit: 1_000_000_000, withinMs: 0.001 }) }).tell("on");
  },
  "spawns children that stop": (system, beat) => {
    system.spawn<string>("flood", (self) => () => {
      beat();
      const child = self.spawn<string>("child", (it) => {
        it.stop();
        return () => {};
      });
      self.watch(child, () => "again");
    }).tell("on");
  },
  "publishes what it subscribes to": (system, beat) => {
    const echoes = topic<string>("echoes");
    system.spawn<string>("flood", (self) => {
      self.subscribe(echoes, (message) => message);
      return (message) => {
        beat();
        self.publish(echoes, message);
      };
    }).tell("on");
  },
  "stashes and puts back": (system, beat) => {
    system.spawn<string>("flood", (self) => (message) => {
      beat();
      self.stash.push(message);
      self.stash.unstashAll();
    }).tell("on");
  },
};

/** Sends a byte to and fro over a real socket, so often. */
async function echoes(rounds: number): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serve = async () => {
    using connection = await listener.accept();
    const buffer = new Uint8Array(1);
    while (await connection.read(buffer) !== null) await connection.write(buffer);
  };
  const served = serve();
  {
    using client = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
    const buffer = new Uint8Array(1);
    for (let i = 0; i < rounds; i++) {
      await client.write(new Uint8Array([i]));
      await client.read(buffer);
      assertEquals(buffer[0], i);
    }
  }
  await served;
}

for (const [what, flood] of Object.entries(FLOODS)) {
  Deno.test(`fairness: an actor that ${what} starves no socket and no timer, and can be stopped`, async () => {
    // Its log would be as long as the flood.
    const world = { ...denoWorld(), log: { enabled: () => false, write: () => {} } };
    const system = new ActorSystem("test", { world });
    let beats = 0;
    flood(system, () => beats++);
    const timer = new Promise<void>((resolve) => setTimeout(resolve, 5));
    await deadline(timer, undefined, "a timer beside the flood");
    await deadline(echoes(5), undefined, "a socket beside the flood");
    const before = beats;
    await until(() => beats > before, "the flood, which goes on");
    await deadline(system.stop(), undefined, "the stop");
  });

  Deno.test(`fairness: an actor that ${what} lets virtual time go by`, async () => {
    const sim = simWorld({ seed: 1 });
    const { world } = sim.host("a", { logLevel: "error" });
    const system = new ActorSystem("test", {
      world: { ...world, log: { enabled: () => false, write: () => {} } },
    });
    let beats = 0;
    flood(system, () => beats++);
    let rang = false;
    world.clock.timer(5, () => rang = true);
    await sim.until(() => rang, 1000);
    assert(beats > 0);
    await sim.settle(system.stop());
    sim.close();
  });
}

/** Some microseconds of work. */
function work(): number {
  let sum = 0;
  for (let i = 0; i < 5000; i++) sum += Math.sqrt(i);
  return sum;
}

for (const isSelfMade of [true, false]) {
  const whose = isSelfMade ? "that it makes itself" : "that others made";
  Deno.test(`fairness: an actor with a backlog ${whose} lets other actors have their turns`, async () => {
    const system = new ActorSystem("test", { world: denoWorld({ log: { level: "error" } }) });
    const backlog = 20_000;
    let handled = 0;
    const busy = system.spawn<string>("busy", (self) => (message) => {
      handled++;
      work();
      if (isSelfMade) self.self.tell(message);
    });
    for (let i = 0; i < backlog; i++) busy.tell("work");
    const other = system.spawn<Ref<string>>("other", () => (replyTo) => replyTo.tell("answer"));
    for (let i = 0; i < 3; i++) {
      const answer = other.ask<string>((replyTo) => replyTo, { timeoutMs: PATIENCE_MS });
      assertEquals(await answer, "answer");
    }
    assert(handled > 0 && handled < backlog, `${handled} were handled first`);
    await deadline(system.stop(), undefined, "the stop");
  });
}

Deno.test("fairness: a mailbox stays as short as its sender's bursts, though each is more than a slice of work", async () => {
  const system = new ActorSystem("test", { world: denoWorld({ log: { level: "error" } }) });
  const burst = 1000;
  const bursts = 20;
  let handled = 0;
  const done = Promise.withResolvers<void>();
  const slow = system.spawn<string>("slow", () => () => {
    work();
    if (++handled === burst * bursts) done.resolve();
  });
  system.spawn<number>("quick", (self) => (count) => {
    for (let i = 0; i < burst; i++) slow.tell("work");
    if (count > 1) self.self.tell(count - 1);
  }).tell(bursts);
  await deadline(done.promise, 60_000, "the work");
  const highWater = system.tree().children[0]?.highWater ?? Infinity;
  assert(highWater <= 4 * burst, `${highWater} messages waited`);
  await deadline(system.stop(), undefined, "the stop");
});

Deno.test("fairness: a socket is answered beside failures that escalate through 10,000 levels, and after them", async () => {
  const world = { ...denoWorld(), log: { enabled: () => false, write: () => {} } };
  const system = new ActorSystem("test", { world });
  let bottoms = 0;
  const level = (depth: number): Behavior<string> => (self) => {
    if (depth > 0) self.spawn("n", level(depth - 1), { onFailure: escalate() });
    else {
      bottoms++;
      self.self.tell("fail");
    }
    return () => {
      throw new Error("at the bottom");
    };
  };
  system.spawn("top", level(10_000), { onFailure: restart({ limit: 2 }) });
  await deadline(
    Promise.all([echoes(20), assertRejects(() => system.terminated, Error, "at the bottom")]),
    undefined,
    "sockets, and the end of the system",
  );
  await deadline(echoes(5));
  assertEquals(bottoms, 3);
});
