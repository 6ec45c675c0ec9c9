/**
 * The pages that browsers get: `pages/NAME` becomes `dist/pages/NAME`, bundled, compressed, named by what
 * is in it.
 *
 * @module
 */
import { brotliCompressSync, gzipSync } from "node:zlib";
import { createHash } from "node:crypto";
import { defineTask, Failure, runClient } from "./_cli.ts";
import { readPageFile } from "./_page_files.ts";

/** The command line. */
export const task = defineTask({
  name: "pages",
  summary: "What browsers get, in dist/pages/: bundled, compressed, with the licences of what is in it",
  env: "PAGES",
  flags: {},
  examples: [""],
});

const root = decodeURIComponent(new URL("..", import.meta.url).pathname);
/** Files of this kind are worth being compressed. */
const COMPRESSED = /\.(html|css|js|svg|txt|json)$/;
const HASH_DIGITS = 8;

const encoder = new TextEncoder();

if (import.meta.main) {
  await runClient(task, async (_options, { signal }) => {
    for await (const { name, isDirectory } of Deno.readDir(`${root}pages`)) {
      if (isDirectory && !name.startsWith("_")) await build(name, signal);
    }
  });
}

/** Makes one page, beside the one that is there, and puts it in its place. */
async function build(name: string, signal: AbortSignal): Promise<void> {
  const source = `${root}pages/${name}`;
  const target = `${root}dist/pages/${name}`;
  const fresh = `${target}.new-${Deno.pid}`;
  await Deno.mkdir(`${fresh}/assets`, { recursive: true });
  try {
    const names = new Map<string, string>();
    await bundle(`${source}/main.ts`, `${fresh}/main.js`, signal);
    names.set("main.js", await addNamed(fresh, "main.js", await Deno.readFile(`${fresh}/main.js`)));
    await Deno.remove(`${fresh}/main.js`);
    for (const file of ["style.css", "icon.svg"]) {
      names.set(file, await addNamed(fresh, file, encoder.encode(await readPageFile(name, file))));
    }
    let page = await readPageFile(name, "index.html");
    for (const [file, named] of names) page = page.replaceAll(`/assets/${file}`, `/assets/${named}`);
    await add(`${fresh}/index.html`, encoder.encode(page));
    await add(`${fresh}/licenses.txt`, encoder.encode(await licenses(`${source}/main.ts`, signal)));
    await Deno.remove(target, { recursive: true }).catch(() => {});
    await Deno.rename(fresh, target);
  } finally {
    await Deno.remove(fresh, { recursive: true }).catch(() => {});
  }
  console.log(`pages/${name}: ${await sizes(target)}`);
}

async function bundle(entry: string, output: string, signal: AbortSignal): Promise<void> {
  await deno(["bundle", "--quiet", "--platform=browser", "--minify", "--output", output, entry], signal);
}

/** Runs Deno, and gives what it printed. */
async function deno(args: readonly string[], signal: AbortSignal): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal,
  }).output();
  if (success) return new TextDecoder().decode(stdout);
  throw new Failure(`Cannot run deno ${args[0]}: ${new TextDecoder().decode(stderr).trim().split("\n")[0]}`);
}

/** Adds a file under a name that has the beginning of its hash in it, and gives the name. */
async function addNamed(directory: string, file: string, bytes: Uint8Array): Promise<string> {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, HASH_DIGITS);
  const named = file.replace(/\.\w+$/, `-${hash}$&`);
  await add(`${directory}/assets/${named}`, bytes);
  return named;
}

async function add(path: string, bytes: Uint8Array): Promise<void> {
  await Deno.writeFile(path, bytes);
  if (!COMPRESSED.test(path)) return;
  await Deno.writeFile(`${path}.br`, brotliCompressSync(bytes));
  await Deno.writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}

/** What `deno info --json` says of a module's graph; its packages are all those of the lock file. */
interface ModuleGraph {
  readonly modules: readonly { readonly npmPackage?: string }[];
  readonly npmPackages: Readonly<
    Record<
      string,
      { readonly name: string; readonly version: string; readonly dependencies?: readonly string[] }
    >
  >;
}

/** The packages that a page is made of: those that its modules import, and what these depend on. */
function packagesOf({ modules, npmPackages }: ModuleGraph): Set<string> {
  const found = new Set<string>();
  const waiting = modules.flatMap(({ npmPackage }) => npmPackage ?? []);
  for (let id; (id = waiting.pop()) !== undefined;) {
    if (found.has(id)) continue;
    found.add(id);
    waiting.push(...npmPackages[id]?.dependencies ?? []);
  }
  return found;
}

/** The licences of the packages that a page is made of, one after the other. */
async function licenses(entry: string, signal: AbortSignal): Promise<string> {
  const graph: ModuleGraph = JSON.parse(await deno(["info", "--json", entry], signal));
  const { npmCache }: { npmCache: string } = JSON.parse(await deno(["info", "--json"], signal));
  const used = [...packagesOf(graph)].flatMap((id) => graph.npmPackages[id] ?? []);
  const packages = new Map(used.map((each) => [`${each.name} ${each.version}`, each]));
  const texts: string[] = [];
  for (const [title, { name, version }] of [...packages].sort(([left], [right]) => left < right ? -1 : 1)) {
    const directory = await packageDirectory(npmCache, `${name}/${version}`);
    texts.push(`${title}\n${"=".repeat(title.length)}\n\n${await licenseIn(directory)}\n`);
  }
  return texts.join("\n");
}

/** Where a package lies in npm's cache, whichever registry it came from. */
async function packageDirectory(npmCache: string, path: string): Promise<string> {
  for await (const { name } of Deno.readDir(npmCache)) {
    const directory = `${npmCache}/${name}/${path}`;
    if (await Deno.stat(directory).then(() => true, () => false)) return directory;
  }
  throw new Failure(`Cannot find ${path} in ${npmCache}`);
}

async function licenseIn(directory: string): Promise<string> {
  for await (const { name } of Deno.readDir(directory)) {
    if (/^licen[cs]e/i.test(name)) return (await Deno.readTextFile(`${directory}/${name}`)).trim();
  }
  const { license }: { license?: string } = JSON.parse(await Deno.readTextFile(`${directory}/package.json`));
  if (license === undefined) throw new Failure(`Cannot find the licence of ${directory}`);
  return `Licence: ${license}`;
}

/** How large it is, and how large it is on its way. */
async function sizes(directory: string): Promise<string> {
  let [plain, compressed] = [0, 0];
  for (const each of [directory, `${directory}/assets`]) {
    for await (const { name, isFile } of Deno.readDir(each)) {
      if (!isFile || name.startsWith("licenses")) continue;
      const { size } = await Deno.stat(`${each}/${name}`);
      if (name.endsWith(".br")) compressed += size;
      else if (!name.endsWith(".gz")) plain += size;
    }
  }
  return `${Math.ceil(plain / 1024)} KiB, ${Math.ceil(compressed / 1024)} KiB compressed`;
}
