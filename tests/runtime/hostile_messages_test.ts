import { assert } from "@std/assert";
import { type MailboxOptions, resume } from "../../mod.ts";
import { onStage } from "./_stage.ts";

const trap = () => {
  throw new Error("trap");
};

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** Messages that throw when they are looked at, or that are next to nothing. */
const MESSAGES: Readonly<Record<string, () => unknown>> = {
  "a revoked proxy": revoked,
  "a proxy that throws at everything": () =>
    new Proxy({}, { get: trap, has: trap, getPrototypeOf: trap, ownKeys: trap }),
  "an object whose type and replyTo throw": () => ({
    get type() {
      return trap();
    },
    get replyTo() {
      return trap();
    },
  }),
  "null": () => null,
  "undefined": () => undefined,
  "a symbol": () => Symbol("message"),
  "a function": () => trap,
};

const MAILBOXES: Readonly<Record<string, MailboxOptions | undefined>> = {
  "unbounded": undefined,
  "drop-oldest": { capacity: 2, overflow: "drop-oldest" },
  "drop-newest": { capacity: 2, overflow: "drop-newest" },
  "all urgent": { capacity: 5, isUrgent: () => true },
  "whose isUrgent throws": { isUrgent: trap },
};

for (const [what, make] of Object.entries(MESSAGES)) {
  onStage(
    `message: ${what} is told, offered, stashed, dropped, failed on and lost like any other`,
    async (stage) => {
      for (const [name, mailbox] of Object.entries(MAILBOXES)) {
        let handled = 0;
        const ref = stage.system.spawn<unknown>(name, (self) => {
          self.after(0, make());
          self.pipe(Promise.resolve(), make, make);
          return (message) => {
            if (++handled < 3) throw new Error("told to");
            if (handled === 3) self.stash.push(message);
            if (handled === 4) self.stash.unstashAll();
          };
        }, { onFailure: resume(), ...(mailbox && { mailbox }) });
        for (let i = 0; i < 4; i++) ref.tell(make());
        ref.offer(make()).catch(() => stage.note("was not taken"));
        await stage.settle();
        const before = handled;
        for (let i = 0; i < 2; i++) ref.tell(make());
        await stage.settle();
        assert(handled > before, `${name}: it goes on`);
        // What waits when the system stops is a dead letter.
        for (let i = 0; i < 2; i++) ref.tell(make());
      }
      await stage.sim.settle(stage.system.stop());
      assert(stage.deadLetters.length >= 2);
    },
  );
}
