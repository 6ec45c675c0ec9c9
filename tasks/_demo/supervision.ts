import { ActorSystem, type Ref, restart } from "../../mod.ts";
import type { Section } from "./section.ts";

type Command =
  | { readonly type: "greet"; readonly name: string; readonly replyTo: Ref<string> }
  | { readonly type: "break" };

/** A failure that its supervisor mends. */
export const supervisionSection: Section = {
  name: "supervision",
  title: "A supervised restart",
  about:
    "An actor fails in the middle of its work. Its supervisor starts it anew; who holds its ref never notices.",
  async play(stage) {
    // The failure is told here: the log need not say it again.
    const log = { enabled: () => false, write: () => {} };
    await using system = new ActorSystem("demo", { world: { ...stage.world, log } });
    let life = 0;
    const greeter = system.spawn<Command>("greeter", () => {
      const mine = ++life;
      return (message) => {
        if (message.type === "break") throw new Error("out of words");
        message.replyTo.tell(`hello, ${message.name} (says life ${mine})`);
      };
    }, { onFailure: restart({ limit: 3, withinMs: 5000, backoff: { minMs: 50, maxMs: 50, jitter: 0 } }) });
    const greet = (name: string) =>
      greeter.ask<string>((replyTo) => ({ type: "greet", name, replyTo }), { timeoutMs: 4000 });
    stage.says("greeter", await greet("Ann"));
    system.events.subscribe((event) => {
      if (event.type === "failed") stage.note(`it fails: ${event.error}; decision: ${event.decision}`);
    });
    greeter.tell({ type: "break" });
    const answer = await greet("Bob");
    stage.says("greeter", answer);
    stage.check(answer.includes("life 2"), "the second life answers by the same ref");
  },
};
