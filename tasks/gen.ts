/**
 * Writes what follows from the services' manifests: the tasks, permission sets and exports of `deno.json`,
 * the entry
 * points, the list of services and README's tables. With `--check` it only says what is out of date.
 *
 * @module
 */
import { isNotFound, realWorld } from "../mod.ts";
import { defineTask, Failure, runClient, toggle } from "./_cli.ts";
import { type Modules, packageExports, permissionSets, tasks } from "./_deno_json.ts";
import { fileStem, programs, serverProgram } from "./_programs.ts";
import { Service } from "./_service.ts";
import { rightsTable, servicesTable, withTable } from "./_readme_tables.ts";

/** The command line. */
export const task = defineTask({
  name: "gen",
  summary: "Writes what follows from the manifests in tasks/services/",
  env: "GEN",
  flags: { check: toggle({ help: "Write nothing; say what is out of date, and exit with 1", env: [] }) },
});

/** A file as it should be. */
interface Generated {
  readonly path: string;
  readonly text: string;
}

const { disk } = realWorld();

const DO_NOT_EDIT = "Written by `deno task gen`: edit the manifests in `tasks/services/` instead.";

/** The names in a directory that `keep` gives another name, sorted. */
async function names(
  directory: string,
  keep: (entry: Deno.DirEntry) => string | undefined | Promise<string | undefined>,
): Promise<string[]> {
  const kept: string[] = [];
  for await (const entry of Deno.readDir(directory)) {
    const name = await keep(entry);
    if (name !== undefined) kept.push(name);
  }
  return kept.sort();
}

function publicModule({ name }: Deno.DirEntry): string | undefined {
  return name.endsWith(".ts") && !name.startsWith("_") && name !== "mod.ts" ? name.slice(0, -3) : undefined;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await disk.stat(path)).isFile;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** The list of all services: what is there, found by name, so that a new manifest needs no other change. */
function serviceList(stems: readonly string[]): Generated {
  const imports = stems.map((stem) => `import { ${camel(stem)} } from "./${stem}.ts";`);
  return {
    path: "tasks/services/mod.ts",
    text: [
      "/**",
      ` * Every service. ${DO_NOT_EDIT}`,
      " *",
      " * @module",
      " */",
      'import type { Service } from "../_service.ts";',
      ...imports,
      "",
      "/** Every service, by name. */",
      "export const services: readonly Service[] = [",
      ...stems.map((stem) => `  ${camel(stem)},`),
      "];",
      "",
    ].join("\n"),
  };
}

function camel(stem: string): string {
  return stem.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** Loads a manifest. Not through the list, which may be out of date. */
async function loadService(stem: string): Promise<Service> {
  const module: unknown = await import(new URL(`services/${stem}.ts`, import.meta.url).href);
  const service = isObject(module) ? module[camel(stem)] : undefined;
  if (service instanceof Service && fileStem(service.name) === stem) return service;
  throw new Failure(
    `Cannot read tasks/services/${stem}.ts: it exports no service of the name ${camel(stem)}`,
  );
}

function entryPoint(stem: string, script: string): Generated {
  return {
    path: script,
    text: [
      "/**",
      ` * ${DO_NOT_EDIT}`,
      " *",
      " * @module",
      " */",
      `import { ${camel(stem)} } from "./services/${stem}.ts";`,
      "",
      `await ${camel(stem)}.serve();`,
      "",
    ].join("\n"),
  };
}

async function modules(): Promise<Modules> {
  return {
    actors: await names(
      "actors",
      async ({ name, isDirectory }) =>
        isDirectory && await isFile(`actors/${name}/mod.ts`) ? name : undefined,
    ),
    protocols: await names("protocols", publicModule),
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** All that is generated, the list of services first: the rest is made with it. */
async function* generate(): AsyncIterable<Generated> {
  const stems = await names("tasks/services", publicModule);
  yield serviceList(stems);
  const services = await Promise.all(stems.map(loadService));
  const all = await programs(services);
  for (const service of services) yield entryPoint(fileStem(service.name), serverProgram(service).script);

  const config: unknown = JSON.parse(await Deno.readTextFile("deno.json"));
  if (!isObject(config)) throw new Failure("Cannot write deno.json: it is not an object");
  const found = await modules();
  const exports = packageExports(found);
  const permissions = permissionSets(all, found);
  yield {
    path: "deno.json",
    text: JSON.stringify(
      { ...config, exports, permissions, tasks: tasks(all, exports) },
      null,
      2,
    ) + "\n",
  };
  const readme = await Deno.readTextFile("README.md");
  yield {
    path: "README.md",
    text: withTable(
      withTable(readme, "services", servicesTable(services)),
      "rights",
      rightsTable(permissions),
    ),
  };
}

/** Where users' imports are written down: in examples of the documentation, and in programs to copy. */
const WITH_EXAMPLES: readonly string[] = ["actors", "protocols", "docs", "examples", "README.md"];

/** Every text file at or below a path, if it is there. */
async function* textFiles(path: string): AsyncIterable<string> {
  if (await isFile(path)) {
    if (path.endsWith(".ts") || path.endsWith(".md")) yield path;
    return;
  }
  for (const name of await names(path, (entry) => entry.name).catch(() => [])) {
    yield* textFiles(`${path}/${name}`);
  }
}

/** Imports of this package that it does not export: an example with one cannot run. */
async function unknownImports(exports: Readonly<Record<string, string>>): Promise<string[]> {
  const unknown: string[] = [];
  for (const place of WITH_EXAMPLES) {
    for await (const path of textFiles(place)) {
      for (const [, subpath = ""] of (await Deno.readTextFile(path)).matchAll(/"@troupe\/actors([^"]*)"/g)) {
        if (!Object.hasOwn(exports, `.${subpath}`)) unknown.push(`${path}: @troupe/actors${subpath}`);
      }
    }
  }
  return unknown;
}

if (import.meta.main) {
  await runClient(task, async ({ check }) => {
    const stale: string[] = [];
    for await (const { path, text } of generate()) {
      const present = await isFile(path) ? await Deno.readTextFile(path) : undefined;
      if (present === text) continue;
      stale.push(path);
      if (!check) await Deno.writeTextFile(path, text);
    }
    if (!check) {
      for (const path of stale) console.log(`Written: ${path}`);
      return 0;
    }
    for (const path of stale) console.error(`Out of date: ${path}. deno task gen writes it.`);
    const unknown = await unknownImports(packageExports(await modules()));
    for (const place of unknown) console.error(`Not exported: ${place}. Subpaths are in kebab-case.`);
    return stale.length + unknown.length === 0 ? 0 : 1;
  });
}
