/**
 * The shapes in which messages are passed, written once and run on the toolkit and on the floor alike.
 *
 * Run by itself (`deno run … _runtime_shapes.ts SHAPE ROUNDS SIZE`) it prints one JSON line, `{ value: [], floor: [] }`:
 * a process a shape, so that no shape is slowed or sped up by what the compiler learned from another.
 *
 * @module
 */
import { ActorSystem, type Behavior, type Ref } from "../../mod.ts";
import { FloorActor } from "./_floor.ts";

/** What both sides have: something to send to. */
interface Target<M> {
  tell(message: M): void;
}

/** Makes an actor from its handler. */
type Make = <M>(receive: (message: M) => void) => Target<M>;

/** What is passed around: one object, as in a program. */
interface Ball {
  readonly type: "ball";
  left: number;
}

/** Two actors and one message between them. */
function pingPong(make: Make, messages: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const ping: Target<Ball> = make((ball: Ball) => {
    if (--ball.left > 0) pong.tell(ball);
    else resolve();
  });
  const pong: Target<Ball> = make((ball: Ball) => {
    if (--ball.left > 0) ping.tell(ball);
    else resolve();
  });
  ping.tell({ type: "ball", left: messages });
  return promise;
}

const PRODUCERS = 50;
const BURST = 100;

/** Fifty actors that send bursts of a hundred to one. */
function manyToOne(make: Make, messages: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = messages;
  const sink: Target<Ball> = make((_ball: Ball) => {
    if (--left === 0) resolve();
  });
  const ball: Ball = { type: "ball", left: 0 };
  for (let i = 0; i < PRODUCERS; i++) {
    let toSend = messages / PRODUCERS;
    const producer: Target<Ball> = make((again: Ball) => {
      const burst = Math.min(BURST, toSend);
      for (let j = 0; j < burst; j++) sink.tell(ball);
      toSend -= burst;
      if (toSend > 0) producer.tell(again);
    });
    producer.tell(ball);
  }
  return promise;
}

const RING = 1000;

/** A thousand actors in a ring, and a message that goes round. */
function ring(make: Make, messages: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const actors: Target<Ball>[] = [];
  for (let i = 0; i < RING; i++) {
    const next = (i + 1) % RING;
    actors.push(make((ball: Ball) => {
      if (--ball.left > 0) actors[next]?.tell(ball);
      else resolve();
    }));
  }
  actors[0]?.tell({ type: "ball", left: messages });
  return promise;
}

type Question = { readonly type: "double"; readonly value: number; readonly replyTo: Target<number> };

const answerDoubled = (question: Question) => question.replyTo.tell(question.value * 2);

const UNDER_WAY = 100;

/** Hundreds of questions under way at once. */
async function askMany(ask: (value: number) => Promise<number>, asks: number): Promise<void> {
  for (let sent = 0; sent < asks; sent += UNDER_WAY) {
    const answers: Promise<number>[] = [];
    for (let i = 0; i < UNDER_WAY; i++) answers.push(ask(i));
    await Promise.all(answers);
  }
}

const TOLD_SHAPES = new Map<string, (make: Make, messages: number) => Promise<void>>([
  ["ping-pong", pingPong],
  ["many to one", manyToOne],
  ["ring", ring],
]);

const idle: Behavior<Ball> = () => {
  let count = 0;
  return (ball) => {
    count += ball.left;
  };
};

function idleFloor(): FloorActor<Ball> {
  let count = 0;
  return new FloorActor<Ball>((ball) => {
    count += ball.left;
  });
}

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return count / (performance.now() - startedAt) * 1000;
}

function toolkitMake(system: ActorSystem): Make {
  let actors = 0;
  return (receive) => system.spawn(`actor-${actors++}`, () => receive);
}

async function measureTold(shape: (make: Make, messages: number) => Promise<void>, size: number) {
  await using system = new ActorSystem("bench");
  return {
    value: await perSecond(size, () => shape(toolkitMake(system), size)),
    floor: await perSecond(size, () => shape((receive) => new FloorActor(receive), size)),
  };
}

async function measureAsk(size: number) {
  await using system = new ActorSystem("bench");
  const doubler: Ref<Question> = system.spawn("doubler", () => answerDoubled);
  const floor = new FloorActor(answerDoubled);
  const make = (value: number) => (replyTo: Ref<number>): Question => ({ type: "double", value, replyTo });
  return {
    value: await perSecond(
      size,
      () => askMany((value) => doubler.ask(make(value), { timeoutMs: 5000 }), size),
    ),
    floor: await perSecond(
      size,
      () =>
        askMany(
          (value) =>
            new Promise((resolve) => floor.tell({ type: "double", value, replyTo: { tell: resolve } })),
          size,
        ),
    ),
  };
}

async function measureSpawn(size: number) {
  const system = new ActorSystem("bench");
  const value = await perSecond(size, async () => {
    for (let i = 0; i < size; i++) system.spawn(`actor-${i}`, idle);
    await Promise.resolve();
  });
  await system.stop();
  const kept: FloorActor<Ball>[] = [];
  const floor = await perSecond(size, () => {
    for (let i = 0; i < size; i++) kept.push(idleFloor());
    return Promise.resolve();
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
  for (let i = 0; i < size; i++) system.spawn(`actor-${i}`, idle);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const value = (heapBytes() - before) / size;
  await system.stop();
  const kept: FloorActor<Ball>[] = [];
  const beforeFloor = heapBytes();
  for (let i = 0; i < size; i++) kept.push(idleFloor());
  const floor = (heapBytes() - beforeFloor) / kept.length;
  return { value, floor };
}

function measure(shape: string, size: number): Promise<{ value: number; floor: number }> {
  const told = TOLD_SHAPES.get(shape);
  if (told !== undefined) return measureTold(told, size);
  if (shape === "ask") return measureAsk(size);
  if (shape === "spawn") return measureSpawn(size);
  if (shape === "bytes") return measureBytes(size);
  throw new TypeError(`Cannot measure "${shape}": no such shape`);
}

if (import.meta.main) {
  const [shape = "", rounds = "1", size = "1000"] = Deno.args;
  const result: { value: number[]; floor: number[] } = { value: [], floor: [] };
  // One round more than asked for: the first one warms the compiler up.
  for (let round = 0; round <= Number(rounds); round++) {
    const figures = await measure(shape, Number(size));
    if (round === 0 && shape !== "bytes") continue;
    result.value.push(figures.value);
    result.floor.push(figures.floor);
  }
  console.log(JSON.stringify(result));
}
