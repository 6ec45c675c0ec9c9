/**
 * The shapes of `_runtime_shapes.ts` for other people's actors, which a file each sets up as its users do.
 *
 * A peer is `{ make, tell, ask, spawn }`: `make(receive)` gives an actor that handles each message with
 * `receive` (it may be a promise of one), `tell(actor, message)` sends, `ask(actor, value)` gives a promise of
 * the answer of an actor of `makeDoubler()`, `spawn(onStarted)` makes one that says when it has started, and
 * `failing(onStarted)`, where there is supervision, one that fails at each message and is started again.
 */
import process, { argv, cpuUsage, stdin } from "node:process";
import { createInterface } from "node:readline";

const ball = (left) => ({ type: "ball", left });

/** Two actors and one message between them. */
async function pingPong({ make, tell }) {
  let done;
  const handle = (other) => ({ left }) => left > 1 ? tell(other(), ball(left - 1)) : done();
  const ping = await make(handle(() => pong));
  const pong = await make(handle(() => ping));
  return (messages) =>
    new Promise((resolve) => {
      done = resolve;
      tell(ping, ball(messages));
    });
}

/** Fifty actors that send bursts of a hundred to one. */
async function manyToOne({ make, tell }) {
  const [producing, burst] = [50, 100];
  let expected = 0, done;
  const sink = await make(() => {
    if (--expected === 0) done();
  });
  const producers = [];
  for (let i = 0; i < producing; i++) {
    producers.push(
      await make(({ left }) => {
        const count = Math.min(burst, left);
        for (let j = 0; j < count; j++) tell(sink, ball(j));
        if (left > count) tell(producers[i], ball(left - count));
      }),
    );
  }
  return (messages) =>
    new Promise((resolve) => {
      const each = Math.ceil(messages / producing);
      expected = each * producing;
      done = resolve;
      for (const producer of producers) tell(producer, ball(each));
    });
}

/** A thousand actors in a ring, and a message that goes round. */
async function ring({ make, tell }) {
  const actors = [];
  let done;
  for (let i = 0; i < 1000; i++) {
    const next = (i + 1) % 1000;
    actors.push(await make(({ left }) => left > 1 ? tell(actors[next], ball(left - 1)) : done()));
  }
  return (messages) =>
    new Promise((resolve) => {
      done = resolve;
      tell(actors[0], ball(messages));
    });
}

/** A hundred thousand actors with state; a thousand messages that each go to one of them at random. */
async function random({ make, tell }) {
  const [crowd, walkers] = [100_000, 1000];
  const actors = [];
  let seed = 1, arrived = 0, done;
  const next = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return actors[seed % crowd];
  };
  for (let i = 0; i < crowd; i++) {
    let seen = 0;
    actors.push(
      await make(({ left }) => {
        seen++;
        if (left > 1) tell(next(), ball(left - 1));
        else if (++arrived === walkers && seen > 0) done();
      }),
    );
  }
  return (messages) =>
    new Promise((resolve) => {
      arrived = 0;
      done = resolve;
      for (let i = 0; i < walkers; i++) tell(next(), ball(Math.ceil(messages / walkers)));
    });
}

/** A hundred questions under way at once. */
async function ask({ makeDoubler, ask }) {
  const doubler = await makeDoubler();
  return async (questions) => {
    for (let sent = 0; sent < questions; sent += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, i) => ask(doubler, i)));
    }
  };
}

/** One question after the other. */
async function askInTurn({ makeDoubler, ask }) {
  const doubler = await makeDoubler();
  return async (questions) => {
    for (let sent = 0; sent < questions; sent++) await ask(doubler, sent);
  };
}

/** Actors that are kept, once all of them have started. */
async function spawn({ spawn }) {
  return async (count) => {
    const kept = new Array(count);
    await new Promise((resolve) => {
      let started = 0;
      for (let i = 0; i < count; i++) {
        kept[i] = spawn(() => {
          if (++started === count) resolve();
        });
      }
    });
    return Promise.all(kept);
  };
}

/** An actor that fails at each message, and tells itself the next one when it has started again. */
function restart({ failing, tell }) {
  return (count) =>
    new Promise((resolve) => {
      let left = count;
      failing((self) => {
        if (left-- > 0) tell(self, ball(left));
        else resolve();
      });
    });
}

const SHAPES = {
  "ping-pong": pingPong,
  "many to one": manyToOne,
  ring,
  random,
  ask,
  "ask in turn": askInTurn,
  spawn,
  restart,
};

async function perCpuSecond(run, size) {
  const before = cpuUsage();
  await run(size);
  const { user, system } = cpuUsage(before);
  return size / (user + system) * 1e6;
}

async function bytesEach(peer, size) {
  const heap = () => {
    gc();
    gc();
    return process.memoryUsage().heapUsed;
  };
  const before = heap();
  const run = await spawn(peer);
  const kept = await run(size);
  return (heap() - before) / kept.length;
}

/** Says `ready`, then for each line of its input a figure of the shape that its arguments name. */
export async function serve(peer) {
  const [, , shape, sizeText] = argv;
  const size = Math.ceil(Number(sizeText));
  const run = shape === "bytes" ? undefined : await SHAPES[shape](peer);
  // The first one warms the compiler up.
  if (run !== undefined) await run(size);
  console.log("ready");
  for await (const _ of createInterface({ input: stdin })) {
    console.log(run === undefined ? await bytesEach(peer, size) : await perCpuSecond(run, size));
  }
  process.exit(0);
}
