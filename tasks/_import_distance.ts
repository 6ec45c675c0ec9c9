/**
 * How near test files are to a file: over how many imports they come to it.
 *
 * @module
 */

/** Specifiers of a module, as far as text shows them. */
const SPECIFIER = /\b(?:from|import)\s*\(?\s*"([^"]+)"/g;

/** The modules below a directory, and who imports whom. */
export class ImportGraph {
  readonly #importers = new Map<string, Set<string>>();

  private constructor() {}

  /** Reads the modules of these directories, with what of the package's own exports leads where. */
  static async read(root: string, directories: readonly string[]): Promise<ImportGraph> {
    const graph = new ImportGraph();
    const exported = await exportsOf(root);
    for (const directory of directories) {
      for await (const path of modulesBelow(root, directory)) {
        const text = await Deno.readTextFile(`${root}/${path}`);
        for (const [, specifier = ""] of text.matchAll(SPECIFIER)) {
          const target = exported.get(specifier) ??
            (specifier.startsWith(".") ? new URL(specifier, `file:///${path}`).pathname.slice(1) : undefined);
          if (target !== undefined) graph.#add(path, target);
        }
      }
    }
    return graph;
  }

  #add(importer: string, target: string): void {
    const importers = this.#importers.get(target) ?? new Set();
    this.#importers.set(target, importers.add(importer));
  }

  /** The files in the order of their distance from `changed`; those that never come to it are last. */
  nearestFirst(files: readonly string[], changed: string): string[] {
    const distances = this.#distancesFrom(changed);
    const distanceOf = (file: string) => distances.get(file) ?? Infinity;
    // The sort is stable: among equals, the order stays.
    return files.toSorted((a, b) => distanceOf(a) === distanceOf(b) ? 0 : distanceOf(a) - distanceOf(b));
  }

  #distancesFrom(changed: string): ReadonlyMap<string, number> {
    const distances = new Map([[changed, 0]]);
    // What is added while the map is walked is walked too.
    for (const [file, distance] of distances) {
      for (const importer of this.#importers.get(file) ?? []) {
        if (!distances.has(importer)) distances.set(importer, distance + 1);
      }
    }
    return distances;
  }
}

/** The package's own specifiers, and their files. */
async function exportsOf(root: string): Promise<Map<string, string>> {
  const config: unknown = JSON.parse(await Deno.readTextFile(`${root}/deno.json`).catch(() => "{}"));
  const exported = new Map<string, string>();
  if (typeof config !== "object" || config === null || !("name" in config) || !("exports" in config)) {
    return exported;
  }
  for (const [entry, file] of Object.entries(config.exports ?? {})) {
    if (typeof file === "string") exported.set(`${config.name}${entry.slice(1)}`, file.replace("./", ""));
  }
  return exported;
}

async function* modulesBelow(root: string, path: string): AsyncGenerator<string> {
  if (path.endsWith(".ts")) return yield path;
  for await (const { name, isDirectory } of Deno.readDir(`${root}/${path}`)) {
    if (isDirectory) yield* modulesBelow(root, `${path}/${name}`);
    else if (name.endsWith(".ts")) yield `${path}/${name}`;
  }
}

/** The test files of some files and directories. */
export async function testFilesOf(root: string, paths: readonly string[]): Promise<string[]> {
  const files = new Set<string>();
  for (const path of paths) {
    const below = await Array.fromAsync(modulesBelow(root, path));
    for (const file of below.sort()) if (file.endsWith("_test.ts")) files.add(file);
  }
  return [...files];
}
