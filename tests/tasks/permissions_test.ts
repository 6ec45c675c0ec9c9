import { assert, assertEquals, assertMatch } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { readImports } from "../../lint/imports.ts";
import { type Granted, permissionSets } from "../../tasks/_deno_json.ts";
import { programs, sourcesOf } from "../../tasks/_programs.ts";
import { toolTasks } from "../../tasks/_tools.ts";
import { services } from "../../tasks/services/mod.ts";
import { root } from "../_helpers.ts";

const all = await programs(services);
const directories = await Array.fromAsync(Deno.readDir(`${root}actors`));
const sets = permissionSets(all, { actors: directories.map(({ name }) => name).sort() });
const tools = Object.entries(toolTasks([]));

/** What a right allows, listed. */
function allowed(granted: Granted | undefined): readonly string[] {
  if (granted === undefined || granted === true) return granted ? ["all"] : [];
  return "allow" in granted ? granted.allow : granted;
}

/** The words of each deno command of a task. */
function commands(command: string): readonly (readonly string[])[] {
  return command.split(" && ").map((part) => part.split(" ")).filter(([first]) => first === "deno");
}

Deno.test("rights: every task has a description", () => {
  for (const [name, { description }] of Object.entries(config.tasks)) {
    assertMatch(description, /^[A-Z].{8,}[^.]$/, name);
  }
});

Deno.test("rights: no set has all of a kind but the network of clients, and none may run programs", () => {
  for (const [name, rights] of Object.entries(sets)) {
    const whole = Object.keys(rights).filter((kind) => rights[kind] === true);
    assertEquals(whole, name.endsWith("client") ? ["net"] : [], name);
    assertEquals(
      Object.keys(rights).filter((kind) => ["all", "run", "ffi", "sys", "import"].includes(kind)),
      [],
      name,
    );
  }
});

Deno.test("rights: every tool that runs code names a set or its rights one by one", () => {
  for (const [name, { command }] of tools) {
    for (const [, verb = "", ...words] of commands(command)) {
      if (!["run", "test"].includes(verb)) continue;
      // The licences of what browsers get are in npm's cache, wherever that is.
      const broad = words.filter((word) => !(name === "pages" && word === "--allow-read")).filter((word) =>
        /^(-A|--allow-all|--allow-\w+|-[RWNES])$/.test(word)
      );
      assertEquals(broad, [], name);
      const set = words.find((word) => word.startsWith("-P="))?.slice(3);
      assert(set === undefined ? words.some((word) => word.startsWith("--allow-")) : set in sets, name);
    }
  }
});

Deno.test("rights: nothing is written or read outside of the tree", () => {
  for (const [name, rights] of Object.entries(sets)) {
    for (const path of [...allowed(rights.read), ...allowed(rights.write)]) {
      assert(!/^\/|\.\.|~/.test(path), `${name}: ${path}`);
    }
  }
});

Deno.test("rights: the services without data have no file right but their settings and certificates", () => {
  for (const name of ["echo", "clock", "joke", "knock", "calculator", "client"]) {
    assertEquals(allowed(sets[name]?.write), [], name);
    const settings = [".env", "tls", ...(name === "client" ? [] : ["dist/pages/inspector"])];
    // What the threads of more cores load; they give the right up once they have.
    const service = services.find((service) => service.name === name);
    if (service?.hasCores) settings.push(...sourcesOf(service));
    assertEquals(allowed(sets[name]?.read).filter((path) => !settings.includes(path)), [], name);
  }
});

Deno.test("rights: of the program, a server on several cores may read what it is made of, and no more", async () => {
  for (const service of services) {
    const { name, hasCores } = service;
    if (!hasCores) continue;
    const imports = await readImports(new URL(`file://${root}`), [`tasks/${name}_server.ts`]);
    const modules = [...imports.keys()];
    const sources = sourcesOf(service);
    const below = (path: string, source: string) => path === source || path.startsWith(`${source}/`);
    assertEquals(modules.filter((path) => !sources.some((source) => below(path, source))), [], name);
    const unused = sources.filter((source) => !modules.some((path) => below(path, source)));
    // Of `std` what `deno.json` links is read.
    assertEquals(unused.filter((source) => source !== "std"), [], name);
    const read = sets[name]?.read;
    if (read === undefined || read === true || !("allow" in read)) continue;
    const others = directories.map((directory) => `./actors/${directory.name}`)
      .filter((path) => !sources.includes(path.slice(2)));
    assertEquals(others.filter((path) => !read.deny.includes(path)), [], name);
  }
});

Deno.test("rights: a service with data can write neither the program nor its settings", async () => {
  const present: string[] = [];
  for await (const { name } of Deno.readDir(root)) present.push(name);
  const ignored = (await Deno.readTextFile(`${root}.gitignore`)).split("\n").map((line) =>
    line.replaceAll("/", "")
  );
  const own = present.filter((name) => !ignored.includes(name) && !DATA.test(name));
  for (const { name, set } of all) {
    const write = sets[set]?.write;
    if (write === undefined || write === true || !("allow" in write)) continue;
    assertEquals(own.filter((file) => !write.deny.includes(`./${file}`)), [], name);
  }
});

/** What services leave in the folder that they run in. */
const DATA = /^(temp\.txt.*|.*\.pem|Peer_files.*|Node.*)$/;

for (const { name, script, rights: { env = [] } } of all) {
  Deno.test(`rights: ${name} may read each environment name of its help, and asks for help without a right`, async () => {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--no-prompt", script, "--help"],
      cwd: root,
      env: { NO_COLOR: "1" },
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    const help = new TextDecoder().decode(stdout);
    assertMatch(help, new RegExp(`^Usage: deno task ${name} `, "m"));
    const missing = [...help.matchAll(/\[([A-Z][A-Z0-9_, ]*)\]$/gm)]
      .flatMap(([, names = ""]) => names.split(", "))
      .filter((variable) => !env.some((right) => covers(right, variable)));
    assertEquals(missing, []);
  });
}

/** Whether a right, `LOG_LEVEL` or `EDITOR_*`, is for a variable. */
function covers(right: string, variable: string): boolean {
  return right === variable || right.endsWith("*") && variable.startsWith(right.slice(0, -1));
}
