/**
 * Whoever is told that an actor has stopped may put another in its place at once: under its name, and under
 * its key.
 */
import { assertEquals } from "@std/assert";
import { type ActorSystem, registryKey } from "../../mod.ts";
import { onStage } from "./_stage.ts";

const service = registryKey<string>("test/service");
const other = registryKey<string>("test/other");

/** Ways to be told of the end of `/test/a`, who is registered under both keys and has joined one. */
const TOLD: Readonly<Record<string, (system: ActorSystem, told: () => void) => void>> = {
  "by an event": ({ events }, told) => {
    const listening = events.subscribe((event) => {
      if (event.type !== "stopped" || event.actor !== "/test/a") return;
      listening.cancel();
      told();
    });
  },
  "by an observer of its key": ({ registry }, told) => {
    const observing = registry.observe(service, (ref) => ref === undefined && (observing.cancel(), told()));
  },
  "by an observer of those who joined": ({ registry }, told) => {
    const observing = registry.observeMembers(
      service,
      (refs) => refs.length === 0 && (observing.cancel(), told()),
    );
  },
};

for (const [how, tell] of Object.entries(TOLD)) {
  for (const end of ["stop", "fail"]) {
    onStage(
      `name: who is told ${how} that an actor has stopped (${end}) may use its name and its keys`,
      async (stage) => {
        const { system } = stage;
        const { registry } = system;
        const first = system.spawn("a", stage.actor("first"), { restart: "temporary" });
        registry.register(service, first);
        registry.register(other, first);
        registry.join(service, first);
        let second = first;
        let found: unknown[] = ["never told"];
        tell(system, () => {
          found = [registry.find(service), registry.find(other), ...registry.members(service)];
          second = system.spawn("a", stage.actor("second"));
          registry.register(service, second);
          registry.register(other, second);
        });
        first.tell(end);
        await stage.settle();
        second.tell("hello");
        await stage.settle();
        assertEquals(found, [undefined, undefined]);
        assertEquals(stage.taken(), ["first starts", "first ends", "second starts", "second hello"]);
        assertEquals([registry.find(service), registry.find(other)], [second, second]);
        assertEquals(registry.members(service), []);
        assertEquals(system.tree().children.map(({ path }) => path), ["/test/a"]);
      },
    );
  }
}

onStage("name: a child that its parent watches may be followed by one of its name", async (stage) => {
  stage.system.spawn<string>("parent", (self) => {
    const start = (life: number) => {
      const child = self.spawn("child", stage.actor(`child ${life}`));
      self.watch(child, () => `${life}`);
      child.tell("stop");
    };
    start(1);
    return (life) => {
      if (Number(life) < 3) start(Number(life) + 1);
    };
  });
  await stage.settle();
  const lives = [1, 2, 3].flatMap((life) => [`child ${life} starts`, `child ${life} ends`]);
  assertEquals(stage.taken(), lives);
});
