/**
 * Messages, questions, spawns and memory of the runtime, each beside a hand-written loop.
 *
 * @module
 */
import { type Bench, type BenchOptions, median, type Row } from "./_bench.ts";

interface Shape {
  readonly shape: string;
  readonly row: string;
  readonly unit: string;
  /** How many messages, questions or actors a round has. */
  readonly size: number;
  readonly aim: string;
}

const SHAPES: readonly Shape[] = [
  {
    shape: "ping-pong",
    row: "tell, one to one",
    unit: "messages/CPU s",
    size: 3_000_000,
    aim: "ratio >= 0.7",
  },
  {
    shape: "many to one",
    row: "tell, many to one",
    unit: "messages/CPU s",
    size: 5_000_000,
    aim: "ratio >= 0.7",
  },
  { shape: "ring", row: "tell, ring of 1,000", unit: "messages/CPU s", size: 3_000_000, aim: "ratio >= 0.7" },
  {
    shape: "random",
    row: "tell, random of 100,000",
    unit: "messages/CPU s",
    size: 1_000_000,
    aim: "ratio >= 0.7",
  },
  { shape: "ask", row: "ask, 100 at once", unit: "questions/CPU s", size: 500_000, aim: "ratio >= 0.64" },
  {
    shape: "ask in turn",
    row: "ask, one by one",
    unit: "questions/CPU s",
    size: 500_000,
    aim: "ratio >= 0.6",
  },
  { shape: "spawn", row: "spawn, all started", unit: "actors/CPU s", size: 200_000, aim: ">= 1,000,000" },
  { shape: "bytes", row: "an idle actor", unit: "bytes", size: 200_000, aim: "< 500" },
];

const ROUNDS = 7;

/** Runs one shape in a process of its own; a round is the toolkit, then the floor. */
async function runShape({ shape, row, unit, size, aim }: Shape, quick: boolean): Promise<Row> {
  const script = new URL("./_runtime_shapes.ts", import.meta.url);
  const rounds = quick ? 1 : ROUNDS;
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--no-prompt",
      "--v8-flags=--expose-gc",
      script.href,
      shape,
      String(rounds),
      String(quick ? size / 100 : size),
    ],
    stdout: "piped",
    stderr: "inherit",
  });
  const { success, stdout } = await process.output();
  if (!success) throw new Error(`Cannot measure ${row}: its process failed`);
  const { value, floor }: { value: number[]; floor: number[] } = JSON.parse(new TextDecoder().decode(stdout));
  const ratios = value.map((figure, round) => figure / (floor[round] ?? NaN));
  return { name: row, unit, value: median(value), floor: median(floor), ratio: median(ratios), aim };
}

/** The runtime's benchmarks. */
export const benches: Bench[] = SHAPES.map((shape) => ({
  name: `runtime: ${shape.row}`,
  run: async ({ quick }: BenchOptions) => [await runShape(shape, quick)],
}));
