/**
 * Figures as they are kept: one JSON object a line, each with where and when it was measured, so that the
 * lines of several runs make one report when they are put together.
 *
 * @module
 */
import type { PeerFigure, Row } from "../_bench.ts";

/** Where a figure was measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly deno: string;
}

/** A row, and how it came about. */
export interface Figure extends Row {
  /** The benchmark that measures it: `deno task bench --only BENCH`. */
  readonly bench: string;
  /** The day, `YYYY-MM-DD`. */
  readonly date: string;
  /** What else ran: the load average over a minute, before the run began. */
  readonly load: number;
  /** Measured with `--quick`: shows that it runs, and means nothing. */
  readonly quick: boolean;
  readonly machine: Machine;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((each) => typeof each === "number");
}

function isPeer(value: unknown): value is PeerFigure {
  return isRecord(value) && typeof value["name"] === "string" && typeof value["value"] === "number" &&
    typeof value["ratio"] === "number" && isNumbers(value["values"]);
}

function isMachine(value: unknown): value is Machine {
  return isRecord(value) && ["cpu", "kernel", "deno"].every((key) => typeof value[key] === "string") &&
    ["cores", "memoryGiB"].every((key) => typeof value[key] === "number");
}

function isAim(value: unknown): boolean {
  return isRecord(value) && (value["of"] === "value" || value["of"] === "ratio") &&
    (value["limit"] === ">=" || value["limit"] === "<=") && typeof value["figure"] === "number";
}

function isFigure(value: unknown): value is Figure {
  if (!isRecord(value) || !isMachine(value["machine"]) || !isNumbers(value["values"])) return false;
  const { floors, ratio, floor, scale, aim, peers } = value;
  const isOptional = [ratio, floor, scale].every((each) => each === undefined || typeof each === "number") &&
    (floors === undefined || isNumbers(floors)) && (aim === undefined || isAim(aim)) &&
    (peers === undefined || Array.isArray(peers) && peers.every(isPeer));
  return isOptional && ["name", "unit", "bench", "date"].every((key) => typeof value[key] === "string") &&
    ["value", "load"].every((key) => typeof value[key] === "number") && typeof value["quick"] === "boolean";
}

/**
 * Reads figures, a JSON object a line.
 *
 * @throws {SyntaxError} of a line that is no figure.
 */
export function parseFigures(text: string): Figure[] {
  return text.split("\n").filter((line) => line.trim() !== "").map((line, index) => {
    let figure: unknown;
    try {
      figure = JSON.parse(line);
    } catch {
      // Reported below.
    }
    if (!isFigure(figure)) throw new SyntaxError(`Cannot read line ${index + 1}: it is no figure`);
    return figure;
  });
}

/** One line a figure. */
export function formatFigures(figures: readonly Figure[]): string {
  return figures.map((figure) => `${JSON.stringify(figure)}\n`).join("");
}

/** Puts the figures of several runs together: of a benchmark that was run again, those of the last run. */
export function mergeFigures(...runs: readonly (readonly Figure[])[]): Figure[] {
  const benches = new Map<string, readonly Figure[]>();
  for (const run of runs) {
    for (const [bench, figures] of groupBy(run, ({ bench }) => bench)) benches.set(bench, figures);
  }
  return [...benches.values()].flat();
}

/** Groups in the order in which they begin. */
export function groupBy<T>(all: readonly T[], keyOf: (each: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const each of all) {
    const key = keyOf(each);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [each]);
    else group.push(each);
  }
  return groups;
}
