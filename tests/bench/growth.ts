/**
 * Figures at one, ten and a hundred times the work, each for one piece of it: what grows faster than its work
 * is a defect.
 *
 * @module
 */
import { type Aim, aimAt, type Bench, type BenchOptions, type Row, rowOf } from "./_bench.ts";
import { flow } from "./chat.ts";
import { discard } from "./_editor_load.ts";
import { append, document } from "./editor.ts";
import { Process } from "./_process.ts";
import { OurNodes } from "./_sharing_subjects.ts";
import { refresh } from "./records.ts";
import { speed, stageOf } from "./sharing.ts";

const ROUNDS = 3;
/** No further round begins after so long: the largest sizes take their time to be made. */
const ROUNDS_END_MS = 45_000;

/** A figure of a piece of work; and the floor's, where the machine itself is slower with more. */
interface Cost {
  readonly value: number;
  readonly floor?: number;
}

/** Work of which there can be more. */
interface Growing {
  readonly bench: string;
  readonly row: string;
  readonly unit: string;
  /** How much there is at each scale. */
  readonly sizes: readonly [number, number, number];
  /** What 10× and 100× are to keep, beside 1×. */
  readonly aim: Aim;
  readonly measure: (size: number, options: BenchOptions) => Promise<Cost>;
}

async function ofActors(size: number, { quick }: BenchOptions): Promise<Cost> {
  const messages = quick ? 10_000 : 1_000_000;
  const walk = async (kind: "ours" | "floor") => {
    await using subject = Process.script("./_growth_subject.ts", [], [kind, size, messages]);
    return Number(await subject.next());
  };
  return { value: await walk("ours"), floor: await walk("floor") };
}

async function ofMembers(size: number, { quick }: BenchOptions): Promise<Cost> {
  const passed = await flow("line", size, Math.min(10, size), quick ? 100 : 1500);
  const floor = await flow("floor", size, Math.min(10, size), quick ? 100 : 1500);
  return { value: passed?.cpu ?? NaN, floor: floor?.cpu ?? NaN };
}

async function ofDocument(size: number, { quick }: BenchOptions): Promise<Cost> {
  const file = await document(size);
  const value = await append(file, quick ? 20 : 300);
  await discard(file);
  return { value };
}

async function ofRecords(size: number): Promise<Cost> {
  const due = 200;
  return { value: (await refresh(size, due)).took * 1000 / due };
}

async function ofPieces(size: number, options: BenchOptions): Promise<Cost> {
  await using stage = await stageOf(options, size);
  await using ours = await OurNodes.start(stage, 1);
  return { value: await speed(stage, (out) => ours.get(out)) };
}

const GROWING: readonly Growing[] = [
  {
    bench: "growth: actors",
    row: "growth, a tell at random among 1,000 actors and more",
    unit: "µs",
    sizes: [1000, 10_000, 100_000],
    aim: aimAt("ratio", "<=", 2),
    measure: ofActors,
  },
  {
    bench: "growth: members",
    row: "growth, server CPU a delivery in a chat of 10 members and more",
    unit: "µs",
    sizes: [10, 100, 1000],
    aim: aimAt("ratio", "<=", 2),
    measure: ofMembers,
  },
  {
    bench: "growth: document",
    row: "growth, a durable update of a document of 1 MB and more",
    unit: "µs",
    sizes: [1e6, 1e7, 1e8],
    aim: aimAt("ratio", "<=", 1.5),
    measure: ofDocument,
  },
  {
    bench: "growth: records",
    row: "growth, the refresh of one of 200 due records among 1,000 and more",
    unit: "µs",
    sizes: [1000, 10_000, 100_000],
    aim: aimAt("ratio", "<=", 1.5),
    measure: ofRecords,
  },
  {
    bench: "growth: pieces",
    row: "growth, getting a file of 5 MiB and more",
    unit: "MiB/s",
    sizes: [5, 50, 500],
    aim: aimAt("ratio", ">=", 0.7),
    measure: ofPieces,
  },
];

async function grow({ row, unit, sizes, aim, measure }: Growing, options: BenchOptions): Promise<Row[]> {
  const found: Cost[][] = sizes.map(() => []);
  const end = performance.now() + ROUNDS_END_MS;
  for (let round = 0; round < (options.quick ? 1 : ROUNDS) && performance.now() < end; round++) {
    for (const [index, size] of sizes.entries()) {
      if (options.quick && index > 0) continue;
      found[index]?.push(await measure(size, options));
    }
  }
  const least = found[0]?.map(({ value }) => value) ?? [];
  return found.filter((costs) => costs.length > 0).map((costs, index) => {
    const floors = costs.flatMap(({ floor }) => floor ?? []);
    const hasFloor = floors.length > 0;
    return rowOf({
      name: `${row}, ${10 ** index}×`,
      unit,
      values: costs.map(({ value }) => value),
      // Beside the floor of the same size, where there is one: with more, a machine misses its caches more.
      floors: hasFloor ? floors : index > 0 ? least : undefined,
      // The first is what the others are set against.
      aim: index > 0 ? aim : undefined,
      scale: 10 ** index,
    });
  });
}

/** Growth. */
export const benches: Bench[] = GROWING.map((growing) => ({
  name: growing.bench,
  run: (options) => grow(growing, options),
}));
