import { assert, assertEquals, assertMatch } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { root } from "../_helpers.ts";

interface Task {
  readonly description: string;
  readonly command: string;
}

type Rights = Readonly<Record<string, readonly string[] | boolean>>;

const tasks: readonly (readonly [string, Task])[] = Object.entries(config.tasks);
const sets: Readonly<Record<string, Rights>> = config.permissions;

/** The environment names that a task's command may read. */
function environmentRights(command: string): readonly string[] {
  const named = sets[/-P=(\S+)/.exec(command)?.[1] ?? ""]?.env;
  const single = /--allow-env=(\S+)/.exec(command)?.[1]?.split(",") ?? [];
  return typeof named === "object" ? [...named, ...single] : single;
}

/** The entry points that are there, with their commands. */
const entries = tasks
  .map(([name, { command }]) => ({ name, command, file: /\b(tasks\/\w+\.ts)\b/.exec(command)?.[1] }))
  .filter(({ file }) => file !== undefined);

Deno.test("rights: every task has a description", () => {
  for (const [name, { description }] of tasks) assertMatch(description, /^[A-Z].{10,}[^.]$/, name);
});

Deno.test("rights: no task has all rights, or all of a kind but the network of clients", () => {
  for (const [name, { command }] of tasks) {
    assert(
      !/(^|\s)(-A|--allow-all|--allow-(read|write|net|env|run|ffi|sys)(\s|$)|-[RWNES](\s|$))/.test(command),
      name,
    );
  }
  for (const [name, rights] of Object.entries(sets)) {
    const whole = Object.keys(rights).filter((kind) => rights[kind] === true);
    assertEquals(whole, name === "client" ? ["net"] : [], name);
    assertEquals(
      Object.keys(rights).filter((kind) => ["all", "run", "ffi", "sys", "import"].includes(kind)),
      [],
      name,
    );
  }
});

Deno.test("rights: every task that runs code names a set or its rights one by one, and every set is used", () => {
  const used = new Set<string>();
  for (const [name, { command }] of tasks) {
    for (const [part] of command.matchAll(/\bdeno (?:run|test|bench)\b[^&]*/g)) {
      const set = /-P=(\S+)/.exec(part)?.[1];
      assert(set === undefined ? / --allow-\w+=/.test(part) : set in sets, `${name}: ${part}`);
      if (set !== undefined) used.add(set);
    }
  }
  assertEquals(Object.keys(sets).filter((set) => !used.has(set)), []);
});

Deno.test("rights: nothing is written or read outside of the tree", () => {
  for (const [name, rights] of Object.entries(sets)) {
    for (const path of [rights.read ?? [], rights.write ?? []].flat()) {
      assert(typeof path === "string" && !/^\/|\.\.|~/.test(path), `${name}: ${path}`);
    }
  }
});

for (const { name, command, file } of entries) {
  if (file === undefined || !await exists(file)) continue;

  Deno.test(`rights: ${name} may read each environment name of its help, and asks for help without a right`, async () => {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--no-prompt", file, "--help"],
      cwd: root,
      env: { NO_COLOR: "1" },
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    const help = new TextDecoder().decode(stdout);
    assertMatch(help, new RegExp(`^Usage: deno task ${name} `, "m"));
    const granted = environmentRights(command);
    const missing = [...help.matchAll(/\[([A-Z][A-Z0-9_, ]*)\]$/gm)]
      .flatMap(([, names = ""]) => names.split(", "))
      .filter((variable) => !granted.some((right) => covers(right, variable)));
    assertEquals(missing, []);
  });
}

async function exists(file: string): Promise<boolean> {
  try {
    await Deno.stat(root + file);
    return true;
  } catch {
    return false;
  }
}

/** Whether a right, `LOG_LEVEL` or `EDITOR_*`, is for a variable. */
function covers(right: string, variable: string): boolean {
  return right === variable || right.endsWith("*") && variable.startsWith(right.slice(0, -1));
}
