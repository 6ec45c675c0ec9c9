/**
 * Who imports whom: no file reaches itself by its imports, those of types alone included.
 *
 * @module
 */

/** The imports of each file, by paths within the repository. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/** As much of what `deno info --json` prints as is looked at. */
interface Graph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier?: string };
      readonly type?: { readonly specifier?: string };
      readonly isDynamic?: boolean;
    }[];
  }[];
}

/**
 * The imports of some files, and of those that they import: as Deno resolves them, however they are written.
 * What is loaded while a function runs is none.
 *
 * @param root where the paths begin, a URL that ends with a slash
 */
export async function readImports(root: URL, paths: readonly string[]): Promise<Imports> {
  const scratch = new URL(`.tmp/imports-${crypto.randomUUID()}.ts`, root);
  await Deno.mkdir(new URL(".tmp", root), { recursive: true });
  await Deno.writeTextFile(scratch, paths.map((path) => `import "../${path}";\n`).join(""));
  try {
    const args = ["info", "--quiet", "--json", "--no-lock", decodeURIComponent(scratch.pathname)];
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
    const decoder = new TextDecoder();
    if (!success) throw new Error(`Cannot read the imports: ${decoder.decode(stderr)}`);
    const graph: Graph = JSON.parse(decoder.decode(stdout));
    return importsIn(graph, root);
  } finally {
    await Deno.remove(scratch);
  }
}

function importsIn({ modules }: Graph, root: URL): Imports {
  const pathOf = (specifier = "") =>
    specifier.startsWith(root.href) ? decodeURIComponent(specifier.slice(root.href.length)) : undefined;
  const imports = new Map<string, readonly string[]>();
  for (const { specifier, dependencies = [] } of modules) {
    const path = pathOf(specifier);
    if (path === undefined || path.startsWith(".tmp/imports-")) continue;
    const imported = dependencies.filter(({ isDynamic }) => !isDynamic)
      .flatMap(({ code, type }) => [pathOf(code?.specifier), pathOf(type?.specifier)]);
    imports.set(path, [...new Set(imported.filter((one) => one !== undefined))]);
  }
  return imports;
}

/** Files that reach themselves by their imports, each with the way: `a.ts → b.ts → a.ts`. */
export function cyclesOf(imports: Imports): string[] {
  const done = new Set<string>();
  const way: string[] = [];
  const found: string[] = [];
  const visit = (path: string) => {
    const at = way.indexOf(path);
    if (at >= 0) found.push([...way.slice(at), path].join(" → "));
    if (at >= 0 || done.has(path)) return;
    way.push(path);
    for (const next of imports.get(path) ?? []) visit(next);
    way.pop();
    done.add(path);
  };
  for (const path of imports.keys()) visit(path);
  return found;
}

/** The same of rooms, where `roomOf` says in which a file stands. */
export function roomsOf(imports: Imports, roomOf: (path: string) => string): Imports {
  const rooms = new Map<string, string[]>();
  for (const [path, imported] of imports) {
    const room = roomOf(path);
    const others = imported.map(roomOf).filter((other) => other !== room);
    rooms.set(room, [...rooms.get(room) ?? [], ...others]);
  }
  return rooms;
}
