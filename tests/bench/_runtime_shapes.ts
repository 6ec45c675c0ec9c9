/**
 * The shapes in which messages are passed, written once and run on the toolkit and on the floor alike.
 *
 * Run by itself (`deno run … _runtime_shapes.ts SHAPE SIZE`) it measures once for each line of its input, and
 * prints a line of JSON, `{ value, floor, yielding }`: a process a shape, so that no shape is slowed or sped
 * up by what the compiler learned from another. Figures are counts a second of processor time, all threads
 * of the process together: what others do on the machine is not in them.
 *
 * @module
 */
import { cpuUsage } from "node:process";
import { ActorSystem, type Behavior, type Ref } from "../../mod.ts";
import { FloorActor, setYielding } from "./_floor.ts";

/** What both sides have: something to send to. */
interface Target<M> {
  tell(message: M): void;
}

/** Makes an actor from its handler. */
type Make = <M>(receive: (message: M) => void) => Target<M>;

/** What is passed around: a fresh one each time, as messages are not changed after they were sent. */
interface Ball {
  readonly type: "ball";
  readonly left: number;
}

function ball(left: number): Ball {
  return { type: "ball", left };
}

/** A shape: makes its actors, and gives the work that is measured. */
type Shape = (make: Make) => (messages: number) => Promise<void>;

/** Two actors and one message between them. */
const pingPong: Shape = (make) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const ping: Target<Ball> = make(({ left }: Ball) => {
    if (left > 1) pong.tell(ball(left - 1));
    else resolve();
  });
  const pong: Target<Ball> = make(({ left }: Ball) => {
    if (left > 1) ping.tell(ball(left - 1));
    else resolve();
  });
  return (messages) => {
    ping.tell(ball(messages));
    return promise;
  };
};

const PRODUCERS = 50;
const BURST = 100;

/** Fifty actors that send bursts of a hundred to one. */
const manyToOne: Shape = (make) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let expected = 0;
  const sink: Target<Ball> = make((_ball: Ball) => {
    if (--expected === 0) resolve();
  });
  const producers: Target<Ball>[] = [];
  for (let i = 0; i < PRODUCERS; i++) {
    const producer: Target<Ball> = make(({ left }: Ball) => {
      const burst = Math.min(BURST, left);
      for (let j = 0; j < burst; j++) sink.tell(ball(j));
      if (left > burst) producer.tell(ball(left - burst));
    });
    producers.push(producer);
  }
  return (messages) => {
    expected = messages;
    for (const producer of producers) producer.tell(ball(messages / PRODUCERS));
    return promise;
  };
};

const RING = 1000;

/** A thousand actors in a ring, and a message that goes round. */
const ring: Shape = (make) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const actors: Target<Ball>[] = [];
  for (let i = 0; i < RING; i++) {
    const next = (i + 1) % RING;
    actors.push(make(({ left }: Ball) => {
      if (left > 1) actors[next]?.tell(ball(left - 1));
      else resolve();
    }));
  }
  return (messages) => {
    actors[0]?.tell(ball(messages));
    return promise;
  };
};

const CROWD = 100_000;
const WALKERS = 1000;

/**
 * A hundred thousand actors with state; a thousand messages that each go to one of them at random, again and
 * again.
 */
const random: Shape = (make) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const actors: Target<Ball>[] = [];
  let seed = 1;
  let arrived = 0;
  const next = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return actors[seed % CROWD];
  };
  for (let i = 0; i < CROWD; i++) {
    let seen = 0;
    actors.push(make(({ left }: Ball) => {
      seen++;
      if (left > 1) next()?.tell(ball(left - 1));
      else if (++arrived === WALKERS && seen > 0) resolve();
    }));
  }
  return (messages) => {
    for (let i = 0; i < WALKERS; i++) next()?.tell(ball(messages / WALKERS));
    return promise;
  };
};

type Question = { readonly type: "double"; readonly value: number; readonly replyTo: Target<number> };

const answerDoubled = (question: Question) => question.replyTo.tell(question.value * 2);

type Ask = (value: number) => Promise<number>;

const UNDER_WAY = 100;

/** A hundred questions under way at once. */
async function askMany(ask: Ask, asks: number): Promise<void> {
  for (let sent = 0; sent < asks; sent += UNDER_WAY) {
    const answers: Promise<number>[] = [];
    for (let i = 0; i < UNDER_WAY; i++) answers.push(ask(i));
    await Promise.all(answers);
  }
}

/** One question after the other. */
async function askInTurn(ask: Ask, asks: number): Promise<void> {
  for (let sent = 0; sent < asks; sent++) await ask(sent);
}

const TOLD_SHAPES = new Map<string, Shape>([
  ["ping-pong", pingPong],
  ["many to one", manyToOne],
  ["ring", ring],
  ["random", random],
]);

const ASK_SHAPES = new Map<string, (ask: Ask, asks: number) => Promise<void>>([
  ["ask", askMany],
  ["ask in turn", askInTurn],
]);

let started = 0;

/** Counts as started when its behaviour has run. */
const idle: Behavior<Ball> = () => {
  started++;
  let count = 0;
  return ({ left }) => {
    count += left;
  };
};

/** The floor of a start: its first message makes the handler. */
function idleFloor(): FloorActor<Ball> {
  const actor: FloorActor<Ball> = new FloorActor<Ball>(() => {
    started++;
    let count = 0;
    actor.receive = ({ left }) => {
      count += left;
    };
  });
  actor.tell(ball(0));
  return actor;
}

/** How many a second of processor time. */
async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  const before = cpuUsage();
  await work();
  const { user, system } = cpuUsage(before);
  return count / (user + system) * 1e6;
}

function toolkitMake(system: ActorSystem): Make {
  let actors = 0;
  return (receive) => system.spawn(`actor-${actors++}`, () => receive);
}

/** What a turn of the event loop brings. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Makes the actors of a shape, lets them start, and measures. */
async function measureOne(shape: Shape, make: Make, size: number): Promise<number> {
  const run = shape(make);
  await nextTurn();
  return perSecond(size, () => run(size));
}

async function measureTold(shape: Shape, size: number) {
  await using system = new ActorSystem("bench");
  const value = await measureOne(shape, toolkitMake(system), size);
  const floorMake: Make = (receive) => new FloorActor(receive);
  const floor = await measureOne(shape, floorMake, size);
  setYielding(true);
  const yielding = await measureOne(shape, floorMake, size);
  setYielding(false);
  return { value, floor, yielding };
}

async function measureAsk(shape: (ask: Ask, asks: number) => Promise<void>, size: number) {
  await using system = new ActorSystem("bench");
  const doubler: Ref<Question> = system.spawn("doubler", () => answerDoubled);
  const floor = new FloorActor(answerDoubled);
  const make = (value: number) => (replyTo: Ref<number>): Question => ({ type: "double", value, replyTo });
  return {
    value: await perSecond(size, () => shape((value) => doubler.ask(make(value), { timeoutMs: 5000 }), size)),
    floor: await perSecond(
      size,
      () =>
        shape(
          (value) =>
            new Promise((resolve) => floor.tell({ type: "double", value, replyTo: { tell: resolve } })),
          size,
        ),
    ),
  };
}

async function allStarted(count: number): Promise<void> {
  while (started < count) await nextTurn();
}

async function measureSpawn(size: number) {
  const system = new ActorSystem("bench");
  started = 0;
  const value = await perSecond(size, () => {
    for (let i = 0; i < size; i++) system.spawn(`actor-${i}`, idle);
    return allStarted(size);
  });
  await system.stop();
  const kept: FloorActor<Ball>[] = [];
  started = 0;
  const floor = await perSecond(size, () => {
    for (let i = 0; i < size; i++) kept.push(idleFloor());
    return allStarted(size);
  });
  return { value, floor };
}

/** Bytes of heap in use once all garbage is gone. */
function heapBytes(): number {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("Cannot measure the heap: run with --v8-flags=--expose-gc");
  gc();
  gc();
  return Deno.memoryUsage().heapUsed;
}

async function measureBytes(size: number) {
  const system = new ActorSystem("bench");
  const before = heapBytes();
  started = 0;
  for (let i = 0; i < size; i++) system.spawn(`actor-${i}`, idle);
  await allStarted(size);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const value = (heapBytes() - before) / size;
  await system.stop();
  const kept: FloorActor<Ball>[] = [];
  const beforeFloor = heapBytes();
  started = 0;
  for (let i = 0; i < size; i++) kept.push(idleFloor());
  await allStarted(size);
  const floor = (heapBytes() - beforeFloor) / kept.length;
  return { value, floor };
}

/** `yielding` is a floor that lets sockets have their turn, where that makes a difference. */
interface Figures {
  readonly value: number;
  readonly floor: number;
  readonly yielding?: number;
}

function measure(shape: string, size: number): Promise<Figures> {
  const told = TOLD_SHAPES.get(shape);
  if (told !== undefined) return measureTold(told, size);
  const asked = ASK_SHAPES.get(shape);
  if (asked !== undefined) return measureAsk(asked, size);
  if (shape === "spawn") return measureSpawn(size);
  if (shape === "bytes") return measureBytes(size);
  throw new TypeError(`Cannot measure "${shape}": no such shape`);
}

if (import.meta.main) {
  const [shape = "", size = "1000"] = Deno.args;
  // The first one warms the compiler up.
  if (shape !== "bytes") await measure(shape, Number(size));
  console.log("ready");
  for await (const _ of Deno.stdin.readable) console.log(JSON.stringify(await measure(shape, Number(size))));
}
