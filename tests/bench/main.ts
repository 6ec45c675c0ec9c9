/**
 * `deno task bench`: everything that is measured, in one table.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { Progress, timeLeft } from "../../tasks/_time_left.ts";
import type { Bench, Row } from "./_bench.ts";

const HELP = `Measures Troupe, each figure beside the least that could do the work, in turns in the same run.

Usage: deno task bench [--only TEXT] [--quick] [--json] [--list]

  --only TEXT  only the benchmarks whose name contains TEXT
  --quick      so short that the figures mean nothing: shows that it runs
  --json       one JSON object a line in place of the table
  --list       the names of the benchmarks
`;

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
];

async function load(): Promise<Bench[]> {
  const loaded: Bench[] = [];
  for (const file of FILES) {
    const { benches }: { benches: Bench[] } = await import(new URL(file, import.meta.url).href);
    loaded.push(...benches);
  }
  return loaded;
}

function figure(value: number | undefined): string {
  if (value === undefined) return "";
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { maximumFractionDigits: digits });
}

const WIDTHS = [44, 16, 16, 8, 18] as const;

function line(cells: readonly string[]): string {
  const [name = "", ...figures] = cells;
  const right = figures.map((cell, i) => i < 3 ? cell.padStart(WIDTHS[i + 1] ?? 0) : `  ${cell}`);
  return [name.padEnd(WIDTHS[0]), ...right].join(" ").trimEnd();
}

function show(row: Row, asJson: boolean): void {
  if (asJson) return console.log(JSON.stringify(row));
  const ratio = row.ratio === undefined ? "" : row.ratio.toFixed(2);
  // The line that says how far it is may stand there.
  const begin = Deno.stdout.isTerminal() ? "\r\x1b[K" : "";
  console.log(
    begin + line([`${row.name} (${row.unit})`, figure(row.value), figure(row.floor), ratio, row.aim ?? ""]),
  );
}

interface Flags {
  readonly quick: boolean;
  readonly json: boolean;
  readonly list: boolean;
  readonly help: boolean;
  readonly only: string | undefined;
}

/** Reads the flags; a mistake is a text for the user. */
function parse(args: string[]): Flags | string {
  const unknown: string[] = [];
  const { quick, json, list, help, only } = parseArgs(args, {
    boolean: ["quick", "json", "list", "help"],
    string: ["only"],
    unknown: (flag: string) => void unknown.push(flag),
  });
  if (unknown.length > 0) return `Unknown argument ${unknown[0]}`;
  if (only === "") return "--only takes a text";
  return {
    quick: quick === true,
    json: json === true,
    list: list === true,
    help: help === true,
    only: typeof only === "string" ? only : undefined,
  };
}

async function main(): Promise<number> {
  const flags = parse(Deno.args);
  if (typeof flags === "string") {
    console.error(`error: ${flags}. See: deno task bench --help`);
    return 2;
  }
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const { only } = flags;
  const chosen = (await load()).filter(({ name }) => only === undefined || name.includes(only));
  if (chosen.length === 0) {
    console.error(`error: No benchmark has "${only}" in its name: --list shows them`);
    return 2;
  }
  if (flags.list) {
    for (const { name } of chosen) console.log(name);
    return 0;
  }
  if (!flags.json) console.log(line(["", "Troupe", "floor", "ratio", "aim"]));
  const startedAt = performance.now();
  let done = 0;
  let running = "";
  using _progress = new Progress(() => {
    const left = timeLeft(done / chosen.length, (performance.now() - startedAt) / 1000);
    return `${done + 1} of ${chosen.length}: ${running}${left}`;
  });
  for (const bench of chosen) {
    running = bench.name;
    for (const row of await bench.run({ quick: flags.quick })) show(row, flags.json);
    done++;
  }
  return 0;
}

if (import.meta.main) Deno.exit(await main());
