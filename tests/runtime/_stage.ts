/**
 * A system of actors in a simulated world, once for each of several seeds: a seed is an order in which actors
 * that are ready at the same moment get their turns, so what a test states must hold in every order.
 *
 * @module
 */
// Loaded now: what an assertion that fails would load during a simulation looks at this machine.
import "node:process";
import { type ActorEvent, type ActorFailed, ActorSystem, type Behavior, type DeadLetter } from "../../mod.ts";
import { simulate, type SimWorld, type World } from "../../actors/world/sim/mod.ts";

/** What a test is given. */
export class Stage {
  readonly sim: SimWorld;
  readonly system: ActorSystem;
  /** Everything the system reported, in order. */
  readonly events: ActorEvent[] = [];
  /** What the test's actors noted, in order. */
  readonly seen: string[] = [];

  constructor(sim: SimWorld) {
    this.sim = sim;
    const { world } = sim.host("a");
    // Of all orders, that of the real world is always among those that are tried.
    this.system = new ActorSystem("test", { world: sim.seed === 1 ? inOrder(world) : world });
    this.system.events.subscribe((event) => this.events.push(event));
  }

  /** Lets everything happen that is ready now; no time goes by. */
  settle(): Promise<void> {
    return this.sim.advance(0);
  }

  note(line: string): void {
    this.seen.push(line);
  }

  /** What was noted since the last call. */
  taken(): string[] {
    return this.seen.splice(0);
  }

  get failures(): ActorFailed[] {
    return this.events.filter((event) => event.type === "failed");
  }

  /** Failures as text: who, in what, and what was decided. */
  get decisions(): string[] {
    return this.failures.map(({ actor, phase, decision }) => `${actor} ${phase} ${decision}`);
  }

  get deadLetters(): DeadLetter[] {
    return this.events.filter((event) => event.type === "dead-letter");
  }

  /** Dead letters as text: what, to whom, and why. */
  get lost(): string[] {
    return this.deadLetters.map(({ message, target, reason }) => `${message} ${target} ${reason}`);
  }

  /** Notes each message, and the actor's starts and ends of lives. "fail" fails, "stop" stops. */
  actor(name: string): Behavior<string> {
    return (self) => {
      this.note(`${name} starts`);
      self.onStop(() => this.note(`${name} ends`));
      return (message) => {
        if (message === "fail") throw new Error(`${name} was told to fail`);
        if (message === "stop") return self.stop();
        this.note(`${name} ${message}`);
      };
    };
  }
}

/** A world where actors get their turns as in the real one: first come, first served. */
export function inOrder(world: World): World {
  const { soon, afterPoll, nextTurn } = world.loop;
  return { ...world, loop: { soon, afterPoll, nextTurn } };
}

/** A test that must hold whatever the order of what is ready at once. */
export function onStage(name: string, body: (stage: Stage) => Promise<void>, seeds = 10): void {
  Deno.test(name, async () => {
    await simulate(name, { seeds, replay: (_, seed) => `seed ${seed} of this test` }, async (sim) => {
      const stage = new Stage(sim);
      await body(stage);
      await sim.settle(stage.system.stop());
    });
  });
}

/**
 * A test of a size: at the large one, where what it takes is what counts, in one order, and at the small one
 * in each of ten.
 */
export function onStages(
  nameOf: (count: number) => string,
  [large, small]: readonly [number, number],
  body: (stage: Stage, count: number) => Promise<void>,
): void {
  onStage(nameOf(large), (stage) => body(stage, large), 1);
  onStage(nameOf(small), (stage) => body(stage, small));
}

/** A promise that the test settles. */
export function gate<T = void>(): PromiseWithResolvers<T> {
  const made = Promise.withResolvers<T>();
  // A gate nobody waits at any more must not be an unhandled rejection.
  made.promise.catch(() => {});
  return made;
}

/** The whole numbers from 0 up to `count`. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
