/**
 * What other projects install, tried as a user would: in a folder of its own, on Node, Bun and Deno.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { available, root, startProcess, type TempDirectory, tempDirectory, TestClient } from "../_helpers.ts";

const readme = await Deno.readTextFile(`${root}README.md`);
/** The programs of README, in their order; the one that stays up is the last. */
const programs = [...readme.matchAll(/```ts(?: ignore)?\n([^]*?)```/g)].map(([, code = ""]) => code);
const server = programs.findLastIndex((code) => code.includes("await run(system"));
/** The settings of a project of Deno as README has them, and the rights that it gives the server. */
const [, rights = "", settings = ""] =
  /```jsonc\n\/\/ deno\.json; then: deno run (.+) server\.ts\n([^]*?)```/.exec(readme) ?? [];

/** The registry is slow at times, and programs of other platforms are fetched once. */
const FETCH_MS = 300_000;
const noNpx = !await available("npx", "--version");

const TSCONFIG = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    target: "es2024",
    lib: ["es2024", "esnext.disposable", "dom"],
    module: "nodenext",
    types: ["node"],
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    // The declarations of the package are checked, too.
    skipLibCheck: false,
  },
  include: ["*.ts"],
};

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function ended(program: string, args: readonly string[], cwd: string): Promise<Ended> {
  await using process = startProcess(program, [...args], { cwd });
  return await process.ended(FETCH_MS);
}

/** `deno task package`, by itself. */
async function makePackage(): Promise<void> {
  const flags = [`--allow-run=${Deno.execPath()},tar`, "--allow-read=.", "--allow-write=dist"];
  const { code, stderr } = await ended(Deno.execPath(), ["run", "-q", ...flags, "tasks/package.ts"], root);
  assertEquals([code, stderr], [0, ""]);
}

/** A folder with README's programs in it. */
async function project(): Promise<TempDirectory> {
  const directory = await tempDirectory();
  for (const [index, code] of programs.entries()) {
    await Deno.writeTextFile(directory.file(`program${index}.ts`), code.replace("port: 7000", "port: 0"));
  }
  return directory;
}

/** Runs README's programs: each ends by itself with 0, but for the server, which a signal ends. */
async function tryPrograms(program: string, args: readonly string[], cwd: string): Promise<void> {
  for (const index of programs.keys()) {
    if (index === server) continue;
    const { code, stderr } = await ended(program, [...args, `program${index}.ts`], cwd);
    assertEquals([code, stderr], [0, ""], `${program} program${index}.ts`);
  }
  await using process = startProcess(program, [...args, `program${server}.ts`], { cwd });
  const port = await process.port();
  await using client = await TestClient.connect(port);
  await client.send("hello\n");
  assertEquals(await client.line(), "HELLO");
  process.kill("SIGTERM");
  assertEquals((await process.ended()).code, 0);
}

/** A Node that is too old is told which it takes by each module, in place of a syntax error. */
async function refusesOldNodes(directory: TempDirectory): Promise<void> {
  // The cluster's storage is built into Node 22, and not into Node 20: there it is missed first.
  for (const [release, modules] of [["20", ["."]], ["22", Object.keys(config.exports)]] as const) {
    const imports = modules.map((name) => `"${name.replace(".", config.name)}"`);
    await Deno.writeTextFile(
      directory.file("old.mjs"),
      `for (const name of [${imports}]) {
  console.log(await import(name).then(() => "loaded", (error) => error.message));
}
`,
    );
    const node = ["-y", "-p", `node@${release}`, "node", "old.mjs"];
    const { code, stdout, stderr } = await ended("npx", node, directory.path);
    assertEquals(code, 0, stderr);
    const told = stdout.trimEnd().split("\n");
    assertEquals(told.length, modules.length);
    for (const line of told) {
      assertMatch(line, /^Cannot run @troupe\/actors on Node 2[02][\d.]+: it takes Node 24 or later$/);
    }
  }
}

await makePackage();

Deno.test("package: README has the actor, the TCP server, the simulator and a whole server as programs", () => {
  assertEquals([programs.length, server], [4, 3]);
});

Deno.test({
  name:
    "package: installed from its tarball its types are whole for tsc, README's programs run on Node and Bun, and the worlds' suite holds",
  ignore: noNpx,
  async fn() {
    await using directory = await project();
    await Deno.writeTextFile(
      directory.file("package.json"),
      JSON.stringify({ type: "module", private: true }),
    );
    await Deno.writeTextFile(directory.file("tsconfig.json"), JSON.stringify(TSCONFIG));
    const packages = [`${root}dist/troupe-actors.tgz`, "typescript@5", "@types/node@24", "node@24", "bun@1"];
    const npm = ["-y", "-p", "npm", "npm", "install", "--silent", "--no-audit", "--no-fund", ...packages];
    assertEquals((await ended("npx", npm, directory.path)).code, 0);

    const bin = (name: string) => `${directory.path}/node_modules/.bin/${name}`;
    const types = await ended("bash", ["-c", '"$0"', bin("tsc")], directory.path);
    assertEquals([types.code, types.stdout], [0, ""]);
    const suite = directory.file("conformance.mjs");
    const bundle = ["bundle", "-q", "--platform=deno", "-o", suite, "tests/world/_on_node.ts"];
    assertEquals((await ended(Deno.execPath(), bundle, root)).code, 0);
    for (const platform of ["node", "bun"]) {
      const run = ["-c", 'exec "$0" "$@"', bin(platform)];
      await tryPrograms("bash", run, directory.path);
      const { code, stdout } = await ended("bash", [...run, suite], directory.path);
      assertEquals(code, 0, stdout);
      const [, passed] = /^(\d+) passed, 0 failed$/m.exec(stdout) ?? [];
      assert(Number(passed) > 40, stdout);
    }
    await refusesOldNodes(directory);
    for (const packed of [`${directory.path}/node_modules/@troupe/actors`, `${root}dist/package`]) {
      assert((await Deno.stat(`${packed}/dist/pages/editor/index.html`)).isFile);
    }
  },
});

Deno.test("package: a project of Deno that links it is warned of nothing, and told which flag is missing", async () => {
  await using directory = await project();
  const { unstable, ...config } = JSON.parse(settings.replaceAll(/ \/\/ .*$/gm, ""));
  assertEquals([unstable, config.links], [["net"], ["../troupe/dist/package"]]);
  config.links = [`${root}dist/package`];
  await Deno.writeTextFile(directory.file("deno.json"), JSON.stringify(config));
  await Deno.writeTextFile(
    directory.file("udp.ts"),
    `import { ActorSystem, escalate, run } from "@troupe/actors";
import { datagrams } from "@troupe/actors/net";
const system = new ActorSystem("udp");
const address = { hostname: "127.0.0.1", port: 0 };
const peer = () => ({ datagram() {} });
system.spawn("udp", datagrams({ address, peer }), { onFailure: escalate() });
await run(system);
`,
  );
  const run = ["run", "--no-prompt", "--check"];
  const silent = ["run", "-q", "--no-prompt", ...rights.split(" ")];
  await tryPrograms(Deno.execPath(), silent, directory.path);

  const first = await ended(Deno.execPath(), [...run, "program0.ts"], directory.path);
  assertEquals(first.code, 0, first.stderr);
  assert(!first.stderr.includes("Warning"), first.stderr);
  const noUdp = await ended(Deno.execPath(), [...run, ...rights.split(" "), "udp.ts"], directory.path);
  assertEquals(noUdp.code, 1);
  assertStringIncludes(noUdp.stderr, '"unstable": ["net"]');
  // The one that asks its server for its port, and the one that runs it.
  for (const index of [1, server]) {
    const noRight = await ended(Deno.execPath(), [...run, `program${index}.ts`], directory.path);
    assertEquals(noRight.code, 1);
    assertMatch(noRight.stderr, /Cannot listen on [^\n]*run again with the --allow-net flag/);
  }
});
