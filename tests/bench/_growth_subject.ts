/**
 * Tells at random among so many actors, in a process of its own, since of two kinds of actor the compiler
 * makes another program: `_growth_subject.ts ours|floor ACTORS MESSAGES` prints the microseconds of processor
 * time for one.
 *
 * @module
 */
import { cpuUsage } from "node:process";
import { ActorSystem } from "../../mod.ts";
import { median } from "./_bench.ts";
import { FloorActor } from "./_floor.ts";

/** Messages that are under way at once. */
const WALKERS = 100;
/** Runs until all is compiled, and most actors have had two messages at once and the room for these. */
const WARM_UP_RUNS = 4;
const RUNS = 3;

interface Target {
  tell(left: number): void;
}

/** The microseconds of a message that goes from actor to actor. */
async function walk(
  actors: number,
  messages: number,
  make: (receive: (left: number) => void) => Target,
): Promise<number> {
  const all: Target[] = [];
  let seed = 1;
  const next = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return all[seed % actors];
  };
  let walking = 0;
  let done = () => {};
  for (let made = 0; made < actors; made++) {
    all.push(make((left) => {
      if (left > 1) next()?.tell(left - 1);
      else if (--walking === 0) done();
    }));
  }
  const run = (count: number) =>
    new Promise<void>((resolve) => {
      done = resolve;
      walking = WALKERS;
      for (let walker = 0; walker < WALKERS; walker++) next()?.tell(Math.ceil(count / WALKERS));
    });
  const timed = async () => {
    const before = cpuUsage();
    await run(messages);
    const { user, system } = cpuUsage(before);
    return (user + system) / messages;
  };
  for (let done = 0; done < WARM_UP_RUNS; done++) await run(messages);
  const found: number[] = [];
  for (let done = 0; done < RUNS; done++) found.push(await timed());
  return median(found);
}

const [kind, ...sizes] = Deno.args;
const [actors = 1000, messages = 1000] = sizes.map(Number);
await using system = new ActorSystem("bench");
let made = 0;
console.log(
  await walk(
    actors,
    messages,
    kind === "floor"
      ? (receive) => new FloorActor<number>(receive)
      : (receive) => system.spawn<number>(`actor-${made++}`, () => receive),
  ),
);
