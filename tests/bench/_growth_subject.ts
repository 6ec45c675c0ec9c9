/**
 * Tells at random among so many actors, in a process of its own: `_growth_subject.ts ACTORS MESSAGES` prints
 * the microseconds of processor time for one, of the toolkit and of the floor.
 *
 * @module
 */
import { cpuUsage } from "node:process";
import { ActorSystem } from "../../mod.ts";
import { FloorActor } from "./_floor.ts";

/** Messages that are under way at once. */
const WALKERS = 100;

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
  await run(messages);
  const before = cpuUsage();
  await run(messages);
  const { user, system } = cpuUsage(before);
  return (user + system) / messages;
}

const [actors = 1000, messages = 1000] = Deno.args.map(Number);
await using system = new ActorSystem("bench");
let made = 0;
const value = await walk(
  actors,
  messages,
  (receive) => system.spawn<number>(`actor-${made++}`, () => receive),
);
const floor = await walk(actors, messages, (receive) => new FloorActor<number>(receive));
console.log(JSON.stringify({ value, floor }));
