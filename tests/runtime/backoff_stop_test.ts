import { assertEquals } from "@std/assert";
import { ActorSystem, denoWorld, restart } from "../../mod.ts";

Deno.test("restart: a child that is stopped within its backoff leaves no timer behind", async () => {
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  const begun: string[] = [];
  const world = denoWorld({ log: { level: "error", write: () => {} } });
  // That nothing ticks on is what the test runner itself looks at.
  await using system = new ActorSystem("demo", { world });
  const parent = system.spawn<"stop">("parent", (self) => {
    const child = self.spawn<"fail">("child", () => {
      begun.push("child");
      return () => {
        throw new Error("told to");
      };
    }, { onFailure: restart({ backoff: { minMs: 60_000, maxMs: 60_000 } }) });
    self.watch(child, () => {
      resolve();
      return "stop";
    });
    child.tell("fail");
    return () => self.stop(child);
  });
  await system.started(parent);
  await new Promise<void>((resolve) => world.loop.afterPoll(resolve));
  parent.tell("stop");
  await stopped;
  assertEquals(begun, ["child"]);
});
