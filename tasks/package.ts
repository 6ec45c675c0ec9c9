/**
 * What users get, in `dist/`: a tarball for npm (Node, Bun), and a directory that a project of Deno links.
 *
 * `deno pack` makes the tarball; what is added here is Node's floor, and the certainty that its types are
 * whole. The directory is what `deno publish` would send, with a `deno.json` of its own: a linked project may
 * have no links itself. Both have the pages, which are no part of what is published: they are read as files,
 * and a package of JSR is none.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { defineTask, Failure, runClient } from "./_cli.ts";
import { runProgram } from "./_run_program.ts";

/** The command line. */
export const task = defineTask({
  name: "package",
  summary: "What other projects install: an npm tarball and a directory to link, in dist/",
  env: "PACKAGE",
  flags: {},
  examples: [""],
});

/** The oldest major release of Node that is tested: the first with `await using`, as in README's examples. */
const NODE_FLOOR = 24;

/**
 * Looked at before anything of the package is run, so that an older Node says what is missing. For that it
 * must be able to read all of the package: there is no `using` in what is published.
 */
const FLOOR_CHECK = `const { bun, deno, node } = globalThis.process?.versions ?? {};
if (node !== undefined && bun === undefined && deno === undefined && parseInt(node) < ${NODE_FLOOR}) {
  throw new Error("Cannot run ${config.name} on Node " + node + ": it takes Node ${NODE_FLOOR} or later");
}
`;

const root = decodeURIComponent(new URL("..", import.meta.url).pathname);
const TARBALL = `${root}dist/${config.name.replace("@", "").replace("/", "-")}.tgz`;
const PAGES = "dist/pages";
const LINKED = `${root}dist/package`;
const SCRATCH = `${root}dist/.package-${Deno.pid}`;

if (import.meta.main) {
  await runClient(task, async (_options, { signal }) => {
    await Deno.mkdir(SCRATCH, { recursive: true });
    try {
      await link();
      await pack(signal);
    } finally {
      await Deno.remove(SCRATCH, { recursive: true });
    }
    console.log(`npm, bun:  npm install ${TARBALL}\nDeno:      "links": ["${LINKED}"] in deno.json`);
  });
}

/** Makes the directory that projects of Deno link. */
async function link(): Promise<void> {
  const { name, version, license, exports, publish } = config;
  const fresh = `${SCRATCH}/linked`;
  for (const path of publish.include) await copy(path, fresh);
  await copy(PAGES, `${fresh}/dist`);
  const imports = { yjs: config.imports.yjs };
  await Deno.writeTextFile(
    `${fresh}/deno.json`,
    JSON.stringify({ name, version, license, exports, imports }, null, 2) + "\n",
  );
  await Deno.remove(LINKED, { recursive: true }).catch(() => {});
  await Deno.rename(fresh, LINKED);
}

async function copy(path: string, target: string): Promise<void> {
  await Deno.mkdir(target, { recursive: true });
  const name = path.split("/").at(-1) ?? path;
  const { isDirectory } = await Deno.stat(`${root}${path}`);
  if (!isDirectory) return await Deno.copyFile(`${root}${path}`, `${target}/${name}`);
  for await (const entry of Deno.readDir(`${root}${path}`)) {
    await copy(`${path}/${entry.name}`, `${target}/${name}`);
  }
}

/** Makes the tarball. */
async function pack(signal: AbortSignal): Promise<void> {
  const plain = `${SCRATCH}/plain.tgz`;
  await run(Deno.execPath(), ["pack", "--quiet", "--allow-dirty", "--output", plain], signal);
  await run("tar", ["-xzf", plain, "-C", SCRATCH], signal);
  const manifest = `${SCRATCH}/package/package.json`;
  const described: Record<string, unknown> = JSON.parse(await Deno.readTextFile(manifest));
  const added = { engines: { node: `>=${NODE_FLOOR}` }, description: "Actors on the wire" };
  await checkFloor(`${SCRATCH}/package`);
  await copy(PAGES, `${SCRATCH}/package/dist`);
  await Deno.writeTextFile(manifest, JSON.stringify({ ...described, ...added }, null, 2) + "\n");
  const missing = await missingTypes(`${SCRATCH}/package`);
  if (missing.length > 0) throw new Failure(`Cannot pack: types are missing: ${missing.join(", ")}`);
  await run("tar", ["-czf", TARBALL, "-C", SCRATCH, "package"], signal);
}

/** Has each module that users import look at Node's version first. */
async function checkFloor(directory: string): Promise<void> {
  await Deno.writeTextFile(`${directory}/node_floor.js`, FLOOR_CHECK);
  for (const module of Object.values(config.exports)) {
    const path = `${directory}/${module.replace(/\.ts$/, ".js")}`;
    const up = "../".repeat(module.split("/").length - 2) || "./";
    // On the first line, so that no other has another number.
    await Deno.writeTextFile(path, `import "${up}node_floor.js"; ${await Deno.readTextFile(path)}`);
  }
}

/** What declarations import that is not there, and exported modules that have none. */
async function missingTypes(directory: string): Promise<string[]> {
  const missing: string[] = [];
  for (const module of Object.values(config.exports)) {
    const path = `${directory}/${module.replace(/\.ts$/, ".d.ts")}`;
    if (!await exists(path)) missing.push(module);
  }
  for await (const path of declarations(directory)) {
    const text = await Deno.readTextFile(path);
    for (const [, specifier = ""] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
      const target = new URL(specifier, `file://${path}`).pathname.replace(/(?:\.d)?\.[jt]s$/, ".d.ts");
      if (!await exists(target)) missing.push(`${specifier} in ${path.slice(directory.length + 1)}`);
    }
  }
  return missing;
}

async function* declarations(directory: string): AsyncIterable<string> {
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    if (isDirectory) yield* declarations(`${directory}/${name}`);
    else if (name.endsWith(".d.ts")) yield `${directory}/${name}`;
  }
}

function exists(path: string): Promise<boolean> {
  return Deno.stat(path).then(() => true, () => false);
}

async function run(program: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  const said = await runProgram(program, args, { cwd: root, signal });
  if (said === undefined) return;
  const why = said.trim().split("\n").at(-1);
  throw new Failure(`Cannot run ${program} ${args[0]}: ${why}`);
}
