/**
 * What README promises in words, tables and commands. Its TypeScript runs by itself: `deno test --doc`.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { helpText } from "../tasks/_command_line.ts";
import { commandLines } from "../tasks/_command_lines.ts";
import { isTask, runTask } from "./_helpers.ts";

const root = new URL("../", import.meta.url);
const readme = await Deno.readTextFile(new URL("README.md", root));
const config: { tasks: Record<string, { command: string }> } = JSON.parse(
  await Deno.readTextFile(new URL("deno.json", root)),
);

/** The names of the tasks in all that looks like a command. */
function tasksNamed(text: string): string[] {
  return [...text.matchAll(/\bdeno(?:@[\d.]+)? task ([a-z:]+)/g)].map(([, name = ""]) => name);
}

Deno.test("README: every command is a task, and every task is there", () => {
  const named = new Set(tasksNamed(readme));
  assertEquals([...named].filter((name) => config.tasks[name] === undefined), []);
  assertEquals(Object.keys(config.tasks).filter((name) => !named.has(name)), []);
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
    assert(
      /^\d+$/.test(port) && numbersIn(stdout).includes(port),
      `${task} --help does not name port ${port}`,
    );
  }
});

/** The numbers of a text, each whole. */
function numbersIn(text: string): string[] {
  return text.match(/(?<![\d.,])\d+(?![\d,])/g) ?? [];
}

/** What README says in words of one service after the other: from its name in bold to the next one's. */
const STORIES = [...readme.matchAll(/\*\*(editor|chat|Peers)\*\*(.*?)(?=\*\*|\n- |\n\n)/gs)];

Deno.test("README: ports and flags that it names of a service in words are that service's", async () => {
  assertEquals(STORIES.map(([, name]) => name), ["editor", "chat", "Peers"]);
  for (const [, name = "", words = ""] of STORIES) {
    const task = name === "Peers" ? "peer" : `${name}:server`;
    assert(isTask(task));
    const { stdout } = await runTask(task, ["--help"]);
    const said = words.replace(/\]\([^)]*\)/g, "");
    const ports = numbersIn(said).filter((number) => Number(number) >= 1024);
    assertEquals(ports.filter((port) => !numbersIn(stdout).includes(port)), [], `${name}: ports`);
    const flags: readonly string[] = said.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? [];
    const known = new Set<string>(stdout.match(/--[a-z][a-z-]*/g));
    assertEquals(flags.filter((flag) => !known.has(flag)), [], `${name}: flags`);
  }
});

/** Flags of Deno itself, and of the benchmarks. */
const OTHERS_FLAGS = /^--(?:allow-(?:net|read|write|env|run)|unstable-net|counts)$/;

Deno.test("README and the operator's page: every flag that they name is one", async () => {
  const help = (await commandLines()).map((task) => helpText(task)).join("\n");
  const known = new Set(help.match(/--[a-z][a-z-]*/g));
  for (const name of ["README.md", "SECURITY.md", "docs/operations.md", "docs/protocols.md"]) {
    const text = await Deno.readTextFile(new URL(name, root));
    const unknown = [...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) => flag)
      .filter((flag) => !known.has(flag) && !OTHERS_FLAGS.test(flag));
    assertEquals(unknown, [], name);
  }
});

Deno.test("README: what it links to is there", async () => {
  for (const [, target = ""] of readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
    assert((await Deno.stat(new URL(target, root))).isFile, target);
  }
});
