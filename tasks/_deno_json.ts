/**
 * What `deno.json` says of tasks, permission sets and exports: all of it follows from the manifests, from
 * `_tools.ts` and from which modules there are.
 *
 * @module
 */
import { YJS_ENVIRONMENT } from "./services/editor.ts";
import type { Rights } from "./_cli.ts";
import { type Program, unique } from "./_programs.ts";
import { RUNNER_VARIABLE } from "./_suspend.ts";
import { type ToolTask, toolTasks, WITH_PAGES } from "./_tools.ts";

/**
 * The program's own files: no service may write them, nor read them while it runs. Modules are loaded
 * without a right
 * to read.
 */
export const OWN_FILES: readonly string[] = [
  ...[".ci", ".git", ".github", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md"],
  ...["SECURITY.md", "actors", "deno.json", "deno.lock", "docs", "examples", "lint", "mod.ts"],
  ...["node_modules", "pages", "protocols", "std", "tasks", "tests"],
];

/** What may be read, but is not the services' to write: settings, certificates, built pages. */
const READ_ONLY: readonly string[] = [".env", ".env.example", "dist", "tls"];

/** Rights as `deno.json` has them: `read`, `write`, `net`, `env`. */
export type RightsSet = Readonly<Record<string, Granted>>;

/** What one of them allows. */
export type Granted = readonly string[] | true | Restricted;

/** Something that is allowed but for parts of it. */
export interface Restricted {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** A directory that holds the program holds more than the data of a service: what is not data is denied. */
function restricted(paths: readonly string[], denied: readonly string[]): readonly string[] | Restricted {
  if (!paths.includes(".")) return paths;
  const deny = denied.filter((path) => !paths.includes(path)).map((path) => `./${path}`);
  return { allow: ["."], deny };
}

/** What is not to be read: of `actors/`, where a part of it is, each other part. */
function unread(paths: readonly string[], { actors }: Pick<Modules, "actors">): readonly string[] {
  const isPartly = paths.some((path) => path.startsWith("actors/"));
  return OWN_FILES.flatMap((path) =>
    path === "actors" && isPartly ? actors.map((name) => `actors/${name}`) : path
  );
}

function rightsSet(
  { read = [], write = [], net, env = [] }: Rights,
  modules: Pick<Modules, "actors">,
): RightsSet {
  return {
    ...(read.length > 0 && { read: restricted(read, unread(read, modules)) }),
    ...(write.length > 0 && { write: restricted(write, [...OWN_FILES, ...READ_ONLY].sort()) }),
    ...(net !== undefined && { net }),
    ...(env.length > 0 && { env }),
  };
}

const LOOPBACK = ["127.0.0.1", "[::1]", "localhost", "[::]"];

/** Sets of tasks that are no service's. They read the whole tree: it is what they are about. */
function toolSets(programs: readonly Program[]): Readonly<Record<string, RightsSet>> {
  const scratch = { read: ["."], write: ["./.tmp"] };
  return {
    test: {
      ...scratch,
      net: [
        ...["127.0.0.0/8", "[::1]", "localhost", "0.0.0.0", "[::]"],
        // Two addresses of nobody.
        ...["nobody.invalid", "203.0.113.0/24"],
      ],
      env: ["NO_COLOR", "TZ", "TROUPE_*", "ELECTION_SEED", "EXTENSIVE", ...YJS_ENVIRONMENT],
    },
    bench: { ...scratch, net: LOOPBACK, env: ["TERM", RUNNER_VARIABLE] },
    demo: {
      ...scratch,
      net: LOOPBACK,
      env: unique(["DEMO_*", ...programs.flatMap(({ rights: { env = [] } }) => env)]),
    },
  };
}

/** Every permission set, by name. */
export function permissionSets(
  programs: readonly Program[],
  modules: Pick<Modules, "actors">,
): Readonly<Record<string, RightsSet>> {
  const sets: Record<string, RightsSet> = {};
  for (const { set, rights } of programs) sets[set] ??= rightsSet(rights, modules);
  return { ...sets, ...toolSets(programs) };
}

/** Every task, by name. */
export function tasks(
  programs: readonly Program[],
  exports: Readonly<Record<string, string>>,
): Readonly<Record<string, ToolTask>> {
  const docs = Object.values(exports);
  return {
    ...Object.fromEntries(programs.map(({ name, summary, set, script }) => [name, {
      description: summary,
      command: `deno run -q -P=${set} ${script}`,
      ...(WITH_PAGES.includes(name) ? { dependencies: ["pages"] } : {}),
    }])),
    ...toolTasks(docs.map((path) => path.replace("./", ""))),
  };
}

/** The directories of `actors/` that `mod.ts` hands out. */
const IN_ROOT_MODULE: readonly string[] = ["cores", "runtime", "world"];

/** Every module that users may import: the toolkit, each service, each wire format. */
export function packageExports(modules: Modules): Readonly<Record<string, string>> {
  const directories = modules.actors.filter((name) => !IN_ROOT_MODULE.includes(name));
  return {
    ".": "./mod.ts",
    ...Object.fromEntries([
      ...directories.map((name) => [`./${kebab(name)}`, `./actors/${name}/mod.ts`]),
      // With the client of a server, which only those load that use it.
      ["./cluster/engines", "./actors/cluster/engines/mod.ts"],
      ["./sim", "./actors/world/sim/mod.ts"],
      ...modules.protocols.map((name) => [`./protocols/${kebab(name)}`, `./protocols/${name}.ts`]),
    ].sort(([a = ""], [b = ""]) => a < b ? -1 : 1)),
  };
}

/** Which modules there are. */
export interface Modules {
  /** Directories of `actors/` with a `mod.ts`. */
  readonly actors: readonly string[];
  /** Files of `protocols/` that are not private, without `.ts`. */
  readonly protocols: readonly string[];
}

function kebab(name: string): string {
  return name.replaceAll("_", "-");
}
