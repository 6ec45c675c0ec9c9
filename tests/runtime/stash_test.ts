import { assertEquals } from "@std/assert";
import { onStage, upTo } from "./_stage.ts";

onStage(
  "messages: become replaces the handler from the next message on, and a restart undoes it",
  async (stage) => {
    const ref = stage.system.spawn<string>("a", (self) => (message) => {
      self.become((next) => {
        if (next === "fail") throw new Error("told to");
        stage.note(`second ${next}`);
      });
      stage.note(`first ${message}`);
    });
    for (const message of ["1", "2", "fail", "3", "4"]) ref.tell(message);
    await stage.settle();
    assertEquals(stage.taken(), ["first 1", "second 2", "first 3", "second 4"]);
  },
);

onStage(
  "messages: a stash puts messages aside, in order, until they are put back before the others",
  async (stage) => {
    const ref = stage.system.spawn<string>("a", (self) => {
      let open = false;
      return (message) => {
        if (message === "open") {
          open = true;
          assertEquals(self.stash.size, 2);
          self.stash.unstashAll();
          assertEquals(self.stash.size, 0);
        } else if (open) stage.note(message);
        else self.stash.push(message);
      };
    });
    for (const message of ["1", "2", "open", "3", "4"]) ref.tell(message);
    await stage.settle();
    assertEquals(stage.taken(), ["1", "2", "3", "4"]);
  },
);

onStage("messages: a restart puts what is in the stash back before what is in the mailbox", async (stage) => {
  let lives = 0;
  const ref = stage.system.spawn<string>("a", (self) => {
    const life = ++lives;
    return (message) => {
      if (message === "fail") throw new Error("told to");
      if (life === 1) self.stash.push(message);
      else stage.note(message);
    };
  });
  for (const message of ["1", "2", "fail", "3"]) ref.tell(message);
  await stage.settle();
  assertEquals(stage.taken(), ["1", "2", "3"]);
});

onStage(
  "messages: what is in the stash of an actor that stops becomes dead letters, in order",
  async (stage) => {
    const ref = stage.system.spawn<string>("a", (self) => (message) => {
      if (message === "stop") self.stop();
      else self.stash.push(message);
    });
    for (const message of ["1", "2", "stop", "3"]) ref.tell(message);
    await stage.settle();
    assertEquals(stage.lost, ["1 /test/a stopped", "2 /test/a stopped", "3 /test/a stopped"]);
  },
);

onStage(
  "messages: a stash takes 10,000 messages; one more is a dead letter, and fails nobody",
  async (stage) => {
    const ref = stage.system.spawn<number>("a", (self) => (count) => {
      for (const i of upTo(count)) self.stash.push(i);
      stage.note(`${self.stash.size} of ${self.stash.capacity}`);
    });
    ref.tell(10_000);
    ref.tell(1);
    await stage.settle();
    assertEquals(stage.failures, []);
    assertEquals(stage.taken(), ["10000 of 10000", "10000 of 10000"]);
    assertEquals(stage.lost, ["0 /test/a stash-full"]);
  },
  1,
);

for (const [how, isPutBack] of [["in the stash", false], ["in the mailbox again", true]] as const) {
  onStage(
    `stash: a message ${how} on which its handler then fails is not handled by the next life`,
    async (stage) => {
      const ref = stage.system.spawn<string>("a", (self) => (message) => {
        stage.note(message);
        if (message !== "bad") return;
        self.stash.push(message);
        if (isPutBack) self.stash.unstashAll();
        throw new Error("told to");
      });
      for (const message of ["bad", "good"]) ref.tell(message);
      await stage.settle();
      assertEquals(stage.taken(), ["bad", "good"]);
    },
  );
}
