/**
 * `deno task bench:report`: takes up the figures of runs with `--json`, and writes what is made from them.
 *
 * @module
 */
import { withTable } from "../../../tasks/_readme_tables.ts";
import { type Figure, formatFigures, mergeFigures, parseFigures } from "./figures.ts";
import { readmeTable, reportMarkdown } from "./markdown.ts";
import { reportPage } from "./page.ts";

const HELP = `Writes docs/benchmarks.md, README's table of figures, and .tmp/benchmarks.html with plots.

Usage: deno task bench:report [FILE…]

  FILE  what \`deno task bench --json\` printed, below this directory: the figures of its benchmarks take the
        place of those kept in tests/bench/figures.jsonl. Without one, all is written again from those.
`;

const root = new URL("../../../", import.meta.url);
const KEPT = new URL("tests/bench/figures.jsonl", root);
const README = new URL("README.md", root);
const PAGE = ".tmp/benchmarks.html";

/** A file of the repository as it should be. */
export interface Written {
  readonly file: URL;
  readonly text: string;
}

/** What follows from figures, in the repository. */
export async function reports(figures: readonly Figure[]): Promise<Written[]> {
  const introduction = await Deno.readTextFile(new URL("./introduction.md", import.meta.url));
  const readme = await Deno.readTextFile(README);
  return [
    { file: new URL("docs/benchmarks.md", root), text: reportMarkdown(figures, introduction) },
    { file: README, text: withTable(readme, "benchmarks", readmeTable(figures)) },
  ];
}

/** The figures that are kept. */
export async function keptFigures(): Promise<Figure[]> {
  return parseFigures(await Deno.readTextFile(KEPT));
}

/** The figures of a file. */
async function read(path: string): Promise<Figure[]> {
  try {
    return parseFigures(await Deno.readTextFile(path));
  } catch (error) {
    throw new TypeError(`Cannot take ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.IsADirectory) return "it is a directory";
  if (error instanceof Deno.errors.NotCapable) {
    return "it may only read below this directory: copy it to .tmp";
  }
  return error instanceof Error ? error.message : String(error);
}

/**
 * The figures that are kept, and on top of them those of these files.
 *
 * @throws {TypeError} of a file that cannot be read, or was measured with `--quick`.
 */
export async function takeUp(paths: readonly string[]): Promise<Figure[]> {
  const runs = [await keptFigures()];
  for (const path of paths) {
    const figures = await read(path);
    if (figures.some(({ quick }) => quick)) {
      throw new TypeError(`Cannot take ${path}: it was measured with --quick, which means nothing`);
    }
    runs.push(figures);
  }
  return mergeFigures(...runs);
}

async function run(paths: readonly string[]): Promise<void> {
  const figures = await takeUp(paths);
  await Deno.writeTextFile(KEPT, formatFigures(figures));
  for (const { file, text } of await reports(figures)) await Deno.writeTextFile(file, text);
  await Deno.mkdir(new URL(".tmp", root), { recursive: true });
  await Deno.writeTextFile(new URL(PAGE, root), reportPage(figures));
  console.log(`${figures.length} figures: docs/benchmarks.md, README.md, ${PAGE}`);
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(HELP);
    return 0;
  }
  const flag = args.find((arg) => arg.startsWith("-"));
  if (flag !== undefined) {
    console.error(`error: unknown flag ${flag}: --help says what there is`);
    return 2;
  }
  try {
    await run(args);
    return 0;
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
