import { assert, assertEquals, assertMatch } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { programs } from "../../tasks/_programs.ts";
import { rightsFlags } from "../../tasks/compile.ts";
import { services } from "../../tasks/services/mod.ts";
import { isTask, root, startProcess, tempDirectory, TestClient } from "../_helpers.ts";

/** Becomes `nobody` where it may, and then the program. */
const AS_NOBODY = `
import os, sys
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
os.execv(sys.argv[1], sys.argv[1:])
`;

/** The task's own command, without the shell in it. */
function compile(args: readonly string[], env: Record<string, string> = {}, cwd = root) {
  const deno = Deno.execPath();
  const rights = [
    `--allow-run=${deno}`,
    "--allow-read=.env",
    "--allow-env=COMPILE_OUT,COMPILE_TARGET,LOG_LEVEL,LOG_FORMAT,LOG_TIME,NO_COLOR",
  ];
  return startProcess(deno, ["run", "-q", ...rights, "tasks/compile.ts", ...args], { env, cwd });
}

/** Whether programs can be compiled here: `deno compile` needs its base runtime. */
async function canCompile(): Promise<boolean> {
  await using directory = await tempDirectory();
  await using process = compile(["--out", directory.path, "knock:client"]);
  if ((await process.ended(60_000)).code !== 0) return false;
  // Something compiled, but is it a program of ours? A base that is not the base runtime makes another.
  await using program = startProcess("python3", [
    "-c",
    AS_NOBODY,
    directory.file("knock-client"),
    "--version",
  ]);
  return (await program.ended()).stdout.startsWith("troupe ");
}

const CAN_COMPILE = await canCompile();

Deno.test("compile: every server and client is a program with the rights of its set, as flags, and nothing denied", async () => {
  const all = await programs(services);
  const names = all.map(({ name }) => name);
  for (const { task, name, client } of services) {
    assert(names.includes(task.name) && (client === undefined || names.includes(`${name}:client`)), name);
  }
  for (const { name, set, script } of all) {
    assert(isTask(name));
    assertEquals(config.tasks[name].command, `deno run -q -P=${set} ${script}`);
  }
  const chat = all.find(({ name }) => name === "chat:server");
  assertEquals(rightsFlags(chat?.rights ?? {}).slice(0, 2), ["--allow-read=.", "--allow-write=."]);
  assertEquals(rightsFlags({ read: [".", "/etc/x"], net: true }), ["--allow-read=.,/etc/x", "--allow-net"]);
});

Deno.test("compile: a task that does not exist is a usage error", async () => {
  await using process = compile(["chess:server"]);
  const { code, stderr } = await process.ended();
  assertEquals(code, 2);
  assertMatch(stderr, /There is no program of the name chess:server/);
});

Deno.test("compile: a base runtime that is not there is one line and exit 1", async () => {
  await using directory = await tempDirectory();
  await using process = compile(["--out", directory.path, "knock:client"], {
    DENORT_BIN: directory.file("missing"),
  });
  const { code, stderr } = await process.ended(60_000);
  assertEquals([code, stderr], [
    1,
    "Cannot compile knock:client: no base runtime could be fetched; DENORT_BIN may name a local one\n",
  ]);
});

Deno.test("compile: what cannot be compiled is one line, in no colour", async () => {
  await using directory = await tempDirectory();
  // Without NO_COLOR, deno compile colours its errors, also into a pipe.
  await using process = compile(["--out", directory.path, "--target", "pdp11", "knock:client"], {
    NO_COLOR: "",
  });
  const { code, stderr } = await process.ended(60_000);
  assertEquals(code, 1);
  assertMatch(stderr, /^Cannot compile knock:client: invalid value 'pdp11' for '--target'[^\n]*\n$/);
});

Deno.test("compile: a repository in a folder with a space in its name is compiled, too", async () => {
  await using directory = await tempDirectory();
  const home = directory.file("a b");
  for (const part of ["actors", "lint", "protocols", "std", "tasks"]) await copy(part, home);
  for (const file of ["deno.json", "deno.lock", "mod.ts"]) await Deno.copyFile(file, `${home}/${file}`);
  // As far as it gets without a base runtime: it has found the script.
  const env = { DENORT_BIN: directory.file("missing") };
  await using process = compile(["--out", directory.path, "knock:client"], env, home);
  const { stderr } = await process.ended(60_000);
  assertMatch(stderr, /^Cannot compile knock:client: no base runtime could be fetched/);
});

/** How large a file is that these tests may not read. */
async function sizeOf(file: string): Promise<number> {
  await using process = startProcess("python3", [
    "-c",
    "import os, sys; print(os.path.getsize(sys.argv[1]))",
    file,
  ]);
  return Number((await process.ended()).stdout);
}

/** Copies a folder of the repository into another folder. */
async function copy(path: string, to: string): Promise<void> {
  await Deno.mkdir(`${to}/${path}`, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (isDirectory) await copy(`${path}/${name}`, to);
    else await Deno.copyFile(`${path}/${name}`, `${to}/${path}/${name}`);
  }
}

Deno.test("compile: a program carries the packages that it imports, and none besides", async () => {
  await using directory = await tempDirectory();
  // What a program is put into does not matter for what is put into it.
  const base = Deno.execPath();
  await using process = compile(["--out", directory.path, "knock:client"], { DENORT_BIN: base });
  assertEquals((await process.ended(60_000)).code, 0);
  const { size } = await Deno.stat(directory.file("knock-client"));
  const added = size - await sizeOf(base);
  // With all packages of deno.lock it would be 57 MiB.
  assert(added < 12 * 1024 * 1024, `${added} bytes`);
});

Deno.test({
  name:
    "compile: a program runs as another user in an empty folder, with its rights and no prompt (needs the base runtime)",
  ignore: !CAN_COMPILE,
  fn: async () => {
    await using directory = await tempDirectory();
    await using process = compile(["--out", directory.path, "calculator:server"]);
    assertEquals((await process.ended(60_000)).code, 0);
    await using home = await tempDirectory();
    await Deno.chmod(home.path, 0o777);
    await Deno.chmod(directory.path, 0o755);
    const program = directory.file("calculator-server");
    const args = ["--port", "0", "--host", "127.0.0.1"];
    await using server = startProcess("python3", ["-c", AS_NOBODY, program, ...args], { cwd: home.path });
    using client = await TestClient.connect(await server.port());
    await client.send("Adarsh\n12 + 13\nq\n");
    assertEquals(await client.rest(), "25.0\nSession ended\n");
  },
});
