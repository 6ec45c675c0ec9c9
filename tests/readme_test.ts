/**
 * What README promises in words, tables and commands. Its TypeScript runs by itself: `deno test --doc`.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { runTask, type TaskName } from "./_helpers.ts";

const root = new URL("../", import.meta.url);
const readme = await Deno.readTextFile(new URL("README.md", root));
const config: {
  tasks: Record<string, { command: string }>;
  permissions: Record<string, { read?: string[]; write?: string[]; net?: unknown; env?: string[] }>;
} = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));

/** The names of the tasks in all that looks like a command. */
function tasksNamed(text: string): string[] {
  return [...text.matchAll(/\bdeno(?:@[\d.]+)? task ([a-z:]+)/g)].map(([, name = ""]) => name);
}

function isTask(name: string): name is TaskName {
  return Object.hasOwn(config.tasks, name);
}

/** The cells of the table row that begins with `first`. */
function row(first: string): string[] {
  const line = readme.split("\n").find((candidate) => candidate.startsWith(`| ${first} `));
  assert(line !== undefined, `README has no row for ${first}`);
  return line.split("|").slice(1, -1).map((cell) => cell.trim());
}

Deno.test("README: every command is a task, and every task is there", () => {
  const named = new Set(tasksNamed(readme));
  assertEquals([...named].filter((name) => config.tasks[name] === undefined), []);
  assertEquals(Object.keys(config.tasks).filter((name) => !named.has(name)), []);
});

Deno.test("README: the permissions of each set are those of deno.json", () => {
  for (const [name, { read, write, env = [] }] of Object.entries(config.permissions)) {
    const [, reads, writes, , environment = ""] = row(`\`${name}\``);
    assertEquals(reads === "none", read === undefined, `${name} reads`);
    assertEquals(writes === "none", write === undefined, `${name} writes`);
    assertEquals(environment === "none", env.length === 0, `${name} environment`);
    for (const [, variable = ""] of environment.matchAll(/`([A-Z_*]+)`/g)) {
      assert(env.includes(variable), `${name} has no right to ${variable}`);
    }
  }
});

Deno.test("README: the ports of the services are their defaults", async () => {
  const servers = readme.split("\n").filter((line) => line.startsWith("| ") && line.includes(":server`"));
  assert(servers.length >= 8);
  for (const line of servers) {
    const [task = ""] = tasksNamed(line);
    assert(isTask(task));
    const port = line.split("|")[4]?.trim().replace("/udp", "") ?? "";
    const { code, stdout } = await runTask(task, ["--help"]);
    assertEquals(code, 0, task);
    assert(/^\d+$/.test(port) && stdout.includes(port), `${task} --help does not name port ${port}`);
  }
});

Deno.test("README: what it links to is there", async () => {
  for (const [, target = ""] of readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
    assert((await Deno.stat(new URL(target, root))).isFile, target);
  }
});
