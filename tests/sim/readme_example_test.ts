import { ActorSystem, type Behavior, type Ref } from "@troupe/actors";
import { simulate } from "@troupe/actors/sim";
import { LogFile } from "@troupe/actors/store";
import { assert } from "@std/assert";

/** A counter that answers once the new total is safe. */
const counter: Behavior<{ replyTo: Ref<number> }> = async (self) => {
  let total = 0;
  const log = await LogFile.open(self.world.disk, "/total", { form: "framed", replay: () => total++ });
  self.onStop(() => log.close());
  return async ({ replyTo }) => {
    log.append("one more");
    await log.sync();
    replyTo.tell(++total);
  };
};

Deno.test("counter: what was answered survives every power cut", async () => {
  await simulate("counter", { seeds: 100 }, async (sim) => {
    let ask = (): Promise<number> => Promise.reject(new Error("not started"));
    sim.host("server").start((world) => {
      const ref = new ActorSystem("demo", { world }).spawn("counter", counter);
      ask = () => ref.ask({}, { timeoutMs: 500 });
    });
    const chaos = sim.chaos({ crashesPerMinute: 600, downMs: [10, 100] });
    let answered = 0;
    for (let i = 0; i < 100; i++) {
      answered = await sim.settle(ask(), 1000).catch(() => answered);
      await sim.advance(10);
    }
    chaos.stop();
    assert(await sim.settle(ask()) > answered);
  });
});
