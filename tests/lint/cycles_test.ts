import { assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
const ROOMS = ["actors", "examples", "lint", "pages", "protocols", "tasks", "tests"];

/** A statement that takes another file; its first group is set when it takes types alone. */
const IMPORT = /^(?:import|export)\s+(type\s+)?(?:([^;"]*?)\s+from\s+)?"(\.[^"]+)";/gm;

/** The room of a file: parts of one thing may name each other in their types, rooms may not. */
function roomOf(path: string): string {
  return /^actors\/[^/]+|^[^/]+/.exec(path)?.[0] ?? path;
}

/** The files that each file takes, those of which it takes types alone marked. */
type Graph = Map<string, { readonly path: string; readonly isType: boolean }[]>;

function isTypes(names: string | undefined): boolean {
  const listed = /^\{([^}]*)\}$/.exec(names?.trim() ?? "")?.[1];
  return listed !== undefined &&
    listed.split(",").map((name) => name.trim()).every((name) => name === "" || name.startsWith("type "));
}

function importsOf(path: string, text: string): { readonly path: string; readonly isType: boolean }[] {
  return [...text.matchAll(IMPORT)].map(([, type, names, specifier = ""]) => ({
    path: new URL(specifier, `file:///${path}`).pathname.slice(1),
    isType: type !== undefined || isTypes(names),
  }));
}

async function readGraph(): Promise<Graph> {
  const graph: Graph = new Map();
  const visit = async (directory: string) => {
    for await (const { name, isDirectory } of Deno.readDir(new URL(`${directory}/`, ROOT))) {
      const path = `${directory}/${name}`;
      if (isDirectory) await visit(path);
      else if (/\.tsx?$/.test(name)) {
        graph.set(path, importsOf(path, await Deno.readTextFile(new URL(path, ROOT))));
      }
    }
  };
  for (const room of ROOMS) await visit(room);
  return graph;
}

/** Files that reach themselves by what they take, each with the way. */
function cycles(graph: Graph, counts: (isType: boolean) => boolean): string[] {
  const done = new Set<string>();
  const way: string[] = [];
  const found: string[] = [];
  const visit = (path: string) => {
    const at = way.indexOf(path);
    if (at >= 0) found.push([...way.slice(at), path].join(" → "));
    if (at >= 0 || done.has(path)) return;
    way.push(path);
    for (const { path: next, isType } of graph.get(path) ?? []) if (counts(isType)) visit(next);
    way.pop();
    done.add(path);
  };
  for (const path of graph.keys()) visit(path);
  return found;
}

Deno.test("imports: no file takes itself by way of others, at run time", async () => {
  assertEquals(cycles(await readGraph(), (isType) => !isType), []);
});

Deno.test("imports: rooms take each other one way, types too", async () => {
  const rooms: Graph = new Map();
  for (const [path, taken] of await readGraph()) {
    const from = roomOf(path);
    const others = taken.map((one) => ({ ...one, path: roomOf(one.path) })).filter(({ path }) =>
      path !== from
    );
    rooms.set(from, [...rooms.get(from) ?? [], ...others]);
  }
  assertEquals(cycles(rooms, () => true), []);
});

Deno.test("imports: a cycle is found, and one of types alone is told from one at run time", () => {
  const graph: Graph = new Map([
    ["a/a.ts", importsOf("a/a.ts", `import { b } from "./b.ts";\nimport type { C } from "../c.ts";`)],
    ["a/b.ts", importsOf("a/b.ts", `export {\n  type C,\n  c,\n} from "../c.ts";`)],
    ["c.ts", importsOf("c.ts", `import { type A } from "./a/a.ts";`)],
  ]);
  assertEquals(cycles(graph, (isType) => !isType), []);
  assertEquals(cycles(graph, () => true), ["a/a.ts → a/b.ts → c.ts → a/a.ts"]);
});
