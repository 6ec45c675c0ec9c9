/**
 * What it costs to fail and be started again, and how long what is urgent waits behind a flood: each beside
 * the least that does it, or does without.
 *
 * `_runtime_faults.ts SHAPE SIZE` measures once for each line of its input, and prints a line of JSON,
 * `{ value, floor }`.
 *
 * @module
 */
import { cpuUsage } from "node:process";
import { ActorSystem, denoWorld, restart, type World } from "../../mod.ts";
import { FloorActor } from "./_floor.ts";

/** What failures print is not measured. */
const SILENT: World = { ...denoWorld(), log: { enabled: () => false, write: () => {} } };

interface Figures {
  readonly value: number;
  readonly floor: number;
}

/** How many a second of processor time. */
async function perSecond(count: number, work: (done: () => void) => void): Promise<number> {
  const before = cpuUsage();
  await new Promise<void>(work);
  const { user, system } = cpuUsage(before);
  return count / (user + system) * 1e6;
}

/** An actor that fails at each message, and tells itself the next one when it has started again. */
async function restarts(size: number): Promise<Figures> {
  await using system = new ActorSystem("bench", { world: SILENT });
  const value = await perSecond(size, (done) => {
    let left = size;
    system.spawn<"fail">("failing", (self) => {
      if (left-- > 0) self.self.tell("fail");
      else done();
      return () => {
        throw new Error("Cannot go on");
      };
    }, { onFailure: restart({ limit: 1e9, withinMs: 1 }) });
  });
  return { value, floor: await perSecond(size, (done) => floorRestarts(size, done)) };
}

function floorRestarts(size: number, done: () => void): void {
  let left = size;
  const begin = () => {
    if (left-- > 0) actor.tell("fail");
    else done();
    return () => {
      throw new Error("Cannot go on");
    };
  };
  let handle: (message: "fail") => void = () => {};
  const actor = new FloorActor<"fail">((message) => {
    try {
      handle(message);
    } catch {
      handle = begin();
    }
  });
  handle = begin();
}

/** Milliseconds until a message is handled that goes before a flood, and until one behind it is. */
async function priority(size: number): Promise<Figures> {
  const wait = async (isUrgent: boolean) => {
    await using system = new ActorSystem("bench", { world: SILENT });
    let sum = 0;
    const { promise, resolve } = Promise.withResolvers<number>();
    const ref = system.spawn<number>("flooded", () => (message) => {
      if (message < 0) resolve(performance.now());
      else sum += message;
    }, { mailbox: { isUrgent: (message) => isUrgent && message < 0 } });
    for (let index = 0; index < size; index++) ref.tell(index);
    const toldAt = performance.now();
    ref.tell(-1);
    return await promise - toldAt + 0 * sum;
  };
  return { value: await wait(true), floor: await wait(false) };
}

const [shape, sizeText] = Deno.args;
const size = Number(sizeText);
const measure = shape === "restart" ? restarts : priority;
// The first one warms the compiler up.
await measure(size);
console.log("ready");
for await (const _ of Deno.stdin.readable) console.log(JSON.stringify(await measure(size)));
Deno.exit(0);
