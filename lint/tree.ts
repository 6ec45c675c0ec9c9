/**
 * What no file shows by itself: imports that go round in a circle, rooms that import each other, and long
 * files of those languages that `deno lint` does not read.
 *
 *     deno run --allow-read=. --allow-write=.tmp --allow-run=deno lint/tree.ts
 *
 * It prints what is wrong, and exits with 1.
 *
 * @module
 */
import { cyclesOf, type Imports, readImports, roomsOf } from "./imports.ts";
import { MAX_LINES } from "./size.ts";

const ROOMS = ["actors", "examples", "lint", "pages", "protocols", "std", "tasks", "tests"];
const CODE = /\.(?:ts|tsx|css|html|mjs|cjs|js|py|sh|erl)$/;

/** What is wrong with a tree, a sentence each. */
export async function faultsOf(root: URL): Promise<string[]> {
  const faults: string[] = [];
  const modules: string[] = [];
  for await (const path of filesOf(root)) {
    const text = await Deno.readTextFile(new URL(path, root));
    const lines = text.trimEnd().split("\n").length;
    if (lines > MAX_LINES) faults.push(`${path}: ${lines} lines: a file has at most ${MAX_LINES}`);
    if (/\.tsx?$/.test(path)) modules.push(path);
  }
  return [...faults, ...cycleFaults(await readImports(root, modules))];
}

function cycleFaults(imports: Imports): string[] {
  return [
    ...cyclesOf(imports).map((way) => `${way}: imports go round in a circle`),
    ...cyclesOf(roomsOf(imports, roomOf)).map((way) => `${way}: rooms import each other`),
  ];
}

/** `actors/chat` of `actors/chat/doors/irc.ts`, `tasks` of `tasks/gen.ts`. */
function roomOf(path: string): string {
  return /^actors\/[^/]+(?=\/)|^[^/]+/.exec(path)?.[0] ?? path;
}

async function* filesOf(root: URL): AsyncGenerator<string> {
  const waiting = [...ROOMS];
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    for (const { name, isDirectory } of await entriesOf(new URL(`${directory}/`, root))) {
      const path = `${directory}/${name}`;
      if (isDirectory) waiting.push(path);
      else if (CODE.test(name)) yield path;
    }
  }
}

/** A tree need not have every room. */
async function entriesOf(directory: URL): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(directory));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

if (import.meta.main) {
  const faults = await faultsOf(new URL("../", import.meta.url));
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) Deno.exit(1);
}
