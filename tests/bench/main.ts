/**
 * `deno task bench`: everything that is measured, in one table.
 *
 * @module
 */
import { runClient, UsageError } from "../../tasks/_cli.ts";
import { canRedraw } from "../../tasks/_terminal.ts";
import { bench as task } from "../../tasks/_tool_lines.ts";
import { Progress, timeLeft } from "../../tasks/_time_left.ts";
import { type Bench, type BenchOptions, type Row, SHORT_ROUNDS } from "./_bench.ts";
import { limitOf, noteProcesses, runWithin } from "./_deadline.ts";
import { loadAverage, thisMachine } from "./_machine.ts";
import type { Figure } from "./report/figures.ts";
import { README_ROWS } from "./report/markdown.ts";
import { reportPage } from "./report/page.ts";
import { formatAim, formatFigure, formatMet, formatNumber } from "./report/text.ts";

/** Where `--report` writes. */
const PAGE = ".tmp/benchmarks.html";

/**
 * Each file exports `benches`. Loaded one by one, so that one service's floor is not in the way of another's.
 */
const FILES = [
  "runtime.ts",
  "echo.ts",
  "editor.ts",
  "editor_web.ts",
  "chat.ts",
  "records.ts",
  "election.ts",
  "sharing.ts",
  "inspect.ts",
  "cluster.ts",
  "services.ts",
  "growth.ts",
  "cores.ts",
];

/** Every benchmark. */
export async function allBenches(): Promise<Bench[]> {
  const loaded: Bench[] = [];
  for (const file of FILES) {
    const { benches }: { benches: Bench[] } = await import(new URL(file, import.meta.url).href);
    loaded.push(...benches);
  }
  return loaded;
}

const WIDTHS = [52, 14, 14, 8, 24] as const;

function line(cells: readonly string[]): string {
  const [name = "", ...figures] = cells;
  const right = figures.map((cell, i) => i < 3 ? cell.padStart(WIDTHS[i + 1] ?? 0) : `  ${cell}`);
  return [name.padEnd(WIDTHS[0]), ...right].join(" ").trimEnd();
}

/** A line for ours and the floor, and one for each of the others. */
function show(row: Row): void {
  // The line that says how far it is may stand there.
  const begin = canRedraw(Deno.stdout) ? "\r\x1b[K" : "";
  const ratio = (figure: number | undefined) => figure === undefined ? "" : figure.toFixed(2);
  const aim = row.aim === undefined ? "" : `${formatAim(row)}: ${formatMet(row)}`;
  const floor = row.floor === undefined ? "" : formatNumber(row.floor);
  console.log(
    begin + line([`${row.name} (${row.unit})`, formatNumber(row.value), floor, ratio(row.ratio), aim]),
  );
  for (const { name, value, ratio: beside } of row.peers ?? []) {
    console.log(line([`  ${name}`, "", formatFigure(value, ""), ratio(beside)]));
  }
}

interface MeasureOptions extends BenchOptions {
  readonly json: boolean;
  readonly report: boolean;
  /** How long one of them may take. @default as long as is enough for these options */
  readonly limitMs?: number;
}

/** What the figures of a run are worth, and what would be worth more. */
function notice({ quick, full }: BenchOptions, isChosen: boolean): string | undefined {
  if (quick) return "--quick: it runs; the figures mean nothing";
  if (full) return undefined;
  const which = isChosen ? "" : "the figures that README shows, ";
  return `Short: ${which}at most ${SHORT_ROUNDS} rounds of each; ` +
    `--full: ${isChosen ? "" : "all figures, "}all rounds`;
}

/** Runs some benchmarks, and shows the figures of each as it ends. */
export async function measure(
  chosen: readonly Bench[],
  { json, report, limitMs, ...options }: MeasureOptions,
): Promise<void> {
  noteProcesses();
  if (!json) console.log(line(["", "Troupe", "floor", "ratio", "aim"]));
  const startedAt = performance.now();
  const machine = thisMachine();
  // Later it would be what this run itself does.
  const load = loadAverage();
  const figures: Figure[] = [];
  let done = 0;
  let running = "";
  using _progress = new Progress(() => {
    const left = timeLeft(done / chosen.length, (performance.now() - startedAt) / 1000);
    return `${done + 1} of ${chosen.length}: ${running}${left}`;
  });
  for (const bench of chosen) {
    running = bench.name;
    for (const row of await runWithin(bench, options, limitMs ?? limitOf(options))) {
      const date = new Date().toISOString().slice(0, 10);
      const figure = { bench: bench.name, date, load, quick: options.quick, machine, ...row };
      figures.push(figure);
      if (json) console.log(JSON.stringify(figure));
      else show(row);
    }
    done++;
  }
  if (!report) return;
  await Deno.mkdir(".tmp", { recursive: true });
  await Deno.writeTextFile(PAGE, reportPage(figures));
  console.error(`The plots: ${PAGE}`);
}

/** Those of this name; without one all, or those that README shows. */
function choose(all: readonly Bench[], only: string | undefined, areAll: boolean): readonly Bench[] {
  if (only === undefined) {
    const shown = new Set(README_ROWS.map(([bench]) => bench));
    return areAll ? all : all.filter(({ name }) => shown.has(name));
  }
  // A benchmark's whole name means that one alone.
  const named = all.filter(({ name }) => name === only);
  const chosen = named.length > 0 ? named : all.filter(({ name }) => name.includes(only));
  if (chosen.length > 0) return chosen;
  throw new UsageError(`no benchmark has ${JSON.stringify(only)} in its name: --list shows them`);
}

if (import.meta.main) {
  await runClient(task, async ({ only, noPeers, list, json, report, quick, full }) => {
    const chosen = choose(await allBenches(), only, full || quick || list);
    if (list) {
      for (const { name } of chosen) console.log(name);
      return;
    }
    const options = { quick, full, peers: !noPeers };
    const text = notice(options, only !== undefined);
    if (text !== undefined) console.error(text);
    await measure(chosen, { json, report, ...options });
  });
}
