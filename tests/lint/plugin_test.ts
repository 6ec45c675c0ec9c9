import { assertEquals } from "@std/assert";
import plugin from "../../lint/plugin.ts";

/** The messages of one rule on a source that stands at `path`. */
function lint(rule: string, path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, path, source)
    .filter(({ id }) => id === `troupe/${rule}`)
    .map(({ message }) => message);
}

/** Says for each source whether the rule speaks. */
function judged(rule: string, path: string, sources: readonly string[]): Record<string, boolean> {
  return Object.fromEntries(sources.map((source) => [source, lint(rule, path, source).length > 0]));
}

function all<T>(sources: readonly string[], verdict: T): Record<string, T> {
  return Object.fromEntries(sources.map((source) => [source, verdict]));
}

const AMBIENT = [
  "Deno.exit();",
  "const d = Deno;",
  "globalThis.Deno.exit();",
  `globalThis["Deno"].exit();`,
  "let conn: Deno.Conn;",
  "Date.now();",
  "const now = Date.now;",
  "const { now } = Date;",
  "const { random: chance } = Math;",
  "const { Math: maths } = globalThis;",
  "new Date();",
  "new Date;",
  "Date();",
  "setTimeout(f, 1);",
  "const later = setTimeout;",
  "f({ setTimeout });",
  "globalThis.setTimeout(f, 1);",
  "setInterval(f, 1);",
  "setImmediate(f);",
  "clearTimeout(1);",
  "Math.random();",
  "const random = Math.random;",
  "crypto.getRandomValues(a);",
  "crypto.randomUUID();",
  "globalThis.crypto;",
  "performance.now();",
  "console.log(1);",
  "AbortSignal.timeout(1);",
  "fetch('http://localhost');",
  "new WebSocket('ws://localhost');",
  "Temporal.Now.instant();",
  "process.exit();",
  `import { setTimeout } from "node:timers";`,
  `import fs from "node:fs";`,
  `export * from "node:fs";`,
  `export { readFile } from "node:fs";`,
  "date.getHours();",
  "date.getTimezoneOffset();",
  `date["toLocaleString"]();`,
  "const { getMonth } = Date.prototype; date.getMonth();",
  "new Date(2024, 1);",
  "Intl.DateTimeFormat();",
  "a.localeCompare(b);",
  "await import('./other.ts');",
];

const PURE = [
  "new Date(0);",
  "new Date(world.clock.now());",
  "Date.UTC(2024);",
  "date.getUTCHours();",
  "date.toISOString();",
  "const { max } = Math;",
  "const { now } = clock;",
  "Math.max(1, 2);",
  "crypto.subtle.digest('SHA-256', a);",
  "new AbortController().signal;",
  "world.net.fetch(request);",
  "const o = { fetch() {}, setTimeout: 1, Deno: 2 };",
  "interface Net { fetch(request: Request): Promise<Response>; console: string }",
  "class Clock { setTimeout() {} performance = 1 }",
  "function log(console: Log) { console.write(1); }",
  "let timer: ReturnType<typeof setTimeout>;",
  "queueMicrotask(f);",
  "// Deno.exit() is for tasks",
  "const text = 'Date.now()';",
];

for (
  const path of [
    "actors/echo/session.ts",
    "actors/runtime/cell.ts",
    "actors/world/world.ts",
    "protocols/frames.ts",
  ]
) {
  Deno.test(`lint: no ambient time, chance, I/O or console in ${path}`, () => {
    assertEquals(judged("no-ambient", path, AMBIENT), all(AMBIENT, true));
  });

  Deno.test(`lint: what only looks ambient is allowed in ${path}`, () => {
    assertEquals(judged("no-ambient", path, PURE), all(PURE, false));
  });
}

Deno.test("lint: the real world, tasks and tests may use what is ambient", () => {
  for (
    const path of [
      "actors/world/deno/mod.ts",
      "actors/world/deno/net.ts",
      "actors/world/node/net.ts",
      "tasks/echo_server.ts",
      "tests/x_test.ts",
    ]
  ) {
    assertEquals(judged("no-ambient", path, AMBIENT), all(AMBIENT, false), path);
  }
});

Deno.test("lint: the simulated world may have the real loop's turn in one file, and nothing else of it", () => {
  const turn = `import { setImmediate } from "node:timers"; setImmediate(f);`;
  assertEquals(lint("no-ambient", "actors/world/sim/_real_loop.ts", turn), []);
  assertEquals(lint("no-ambient", "actors/world/sim/_real_loop.ts", "Date.now();").length, 1);
  assertEquals(lint("no-ambient", "actors/world/sim/world.ts", turn).length, 1);
});

Deno.test("lint: an ambient use is told with its name, once", () => {
  assertEquals(lint("no-ambient", "actors/echo/session.ts", "setTimeout(f, Date.now());"), [
    "setTimeout is ambient: use the World",
    "Date.now is ambient: use the World",
  ]);
});

const DIRECTIONS: readonly (readonly [string, string, boolean])[] = [
  ["protocols/editor.ts", "./frames.ts", true],
  ["protocols/editor.ts", "../actors/world/world.ts", false],
  ["protocols/editor.ts", "@std/assert", false],
  ["actors/world/deno/mod.ts", "./net.ts", true],
  ["actors/world/sim/world.ts", "../world.ts", true],
  ["actors/world/sim/world.ts", "../../runtime/mod.ts", false],
  ["actors/runtime/cell.ts", "../world/world.ts", true],
  ["actors/runtime/system.ts", "../world/deno/mod.ts", true],
  ["actors/runtime/cell.ts", "../world/deno/mod.ts", false],
  ["actors/runtime/cell.ts", "../../protocols/frames.ts", false],
  ["actors/runtime/cell.ts", "../net/mod.ts", false],
  ["actors/net/tcp_server.ts", "../runtime/mod.ts", true],
  ["actors/net/tcp_server.ts", "../../protocols/frames.ts", true],
  ["actors/net/tcp_server.ts", "../store/log_file.ts", false],
  ["actors/net/tcp_server.ts", "../echo/mod.ts", false],
  ["actors/store/log_file.ts", "../runtime/mod.ts", true],
  ["actors/store/log_file.ts", "../world/deno/mod.ts", false],
  ["actors/echo/mod.ts", "./doors/json.ts", true],
  ["actors/echo/mod.ts", "../net/mod.ts", true],
  ["actors/echo/mod.ts", "../store/log_file.ts", true],
  ["actors/echo/mod.ts", "../../protocols/frames.ts", true],
  ["actors/echo/mod.ts", "../world/world.ts", true],
  ["actors/echo/mod.ts", "../world/deno/mod.ts", false],
  ["actors/echo/mod.ts", "../world/sim/mod.ts", false],
  ["actors/echo/mod.ts", "../chat/mod.ts", false],
  ["actors/echo/mod.ts", "../../mod.ts", false],
  ["actors/echo/mod.ts", "../../tasks/_cli.ts", false],
  ["actors/echo/mod.ts", "@std/cli", false],
  ["actors/echo/mod.ts", "npm:fast-check", false],
  ["mod.ts", "./actors/runtime/mod.ts", true],
  ["mod.ts", "./actors/world/deno/mod.ts", true],
  ["mod.ts", "./actors/echo/mod.ts", false],
  ["mod.ts", "./tasks/_cli.ts", false],
  ["tasks/echo_server.ts", "../mod.ts", true],
  ["tasks/echo_server.ts", "../actors/echo/mod.ts", true],
  ["tasks/_cli.ts", "@std/cli/parse-args", true],
  ["tasks/_cli.ts", "../tests/_helpers.ts", false],
  ["tests/echo/echo_test.ts", "../../tasks/_cli.ts", true],
  ["tests/echo/echo_test.ts", "fast-check", true],
  ["tests/echo/echo_test.ts", "https://example.com/mod.ts", false],
];

for (const [path, specifier, allowed] of DIRECTIONS) {
  Deno.test(`lint: ${path} ${allowed ? "may" : "may not"} import ${specifier}`, () => {
    for (
      const source of [
        `import "${specifier}";`,
        `export * from "${specifier}";`,
        `export { a } from "${specifier}";`,
      ]
    ) {
      assertEquals(lint("import-direction", path, source).length === 0, allowed, source);
    }
  });
}

Deno.test("lint: an import across services is told as such", () => {
  assertEquals(lint("import-direction", "actors/echo/mod.ts", `import "../chat/mod.ts";`), [
    "actors/echo/mod.ts may not import actors/chat/mod.ts: a service never imports another",
  ]);
});

Deno.test("lint: nothing is exported by default but the plugin", () => {
  const sources = [
    "export default 1;",
    "export default function f() {}",
    "const a = 1; export { a as default };",
  ];
  assertEquals(judged("no-default-export", "tasks/demo.ts", sources), all(sources, true));
  assertEquals(lint("no-default-export", "tasks/demo.ts", "export const a = 1;"), []);
  assertEquals(lint("no-default-export", "lint/plugin.ts", "export default plugin;"), []);
});

Deno.test("lint: a file is known by its place, however the linter names it", () => {
  const root = new URL("../..", import.meta.url).pathname;
  assertEquals(lint("no-ambient", `${root}actors/echo/mod.ts`, "Date.now();").length, 1);
  assertEquals(lint("no-ambient", "./actors/echo/mod.ts", "Date.now();").length, 1);
  assertEquals(lint("no-ambient", "/elsewhere/actors/echo/mod.ts", "Date.now();"), []);
});

Deno.test("lint: a file has 400 lines at most, a test too", () => {
  const lines = (count: number) => "f();\n".repeat(count);
  assertEquals(lint("size", "actors/echo/mod.ts", lines(400)), []);
  assertEquals(lint("size", "actors/echo/mod.ts", lines(401)), ["401 lines: a file has at most 400"]);
  assertEquals(lint("size", "tests/echo/echo_test.ts", lines(400)), []);
  assertEquals(lint("size", "tests/echo/echo_test.ts", lines(401)), ["401 lines: a file has at most 400"]);
});

Deno.test("lint: a class has 25 fields at most; methods and accessors are none", () => {
  const fields = (count: number) => Array.from({ length: count }, (_, at) => `readonly #f${at} = ${at};`);
  const source = (count: number) => `class A { ${fields(count).join(" ")} get x() { return 1; } m() {} }`;
  assertEquals(lint("size", "actors/echo/mod.ts", source(25)), []);
  assertEquals(lint("size", "actors/echo/mod.ts", source(26)), ["26 fields: a class has at most 25"]);
});

Deno.test("lint: a comment ends before column 110, but for an address that cannot be broken", () => {
  const word = "word ";
  const sources = [`// ${word.repeat(22)}`, `/**\n * ${word.repeat(22)}\n */`, `  /** ${word.repeat(22)} */`];
  assertEquals(judged("columns", "protocols/frames.ts", sources), all(sources, true));
  const fine = [
    `// ${word.repeat(21)}`,
    `// https://example.org/${"x".repeat(100)}`,
    `f("${word.repeat(30)}");`,
  ];
  assertEquals(judged("columns", "protocols/frames.ts", fine), all(fine, false));
});

Deno.test("lint: a line of the log names its event", () => {
  const silent = [
    `self.log.info("it listens");`,
    `log.warn("odd", { client });`,
    `this.#log.plain("said");`,
    `this.#self.log.error(text, { reason: "none" });`,
  ];
  assertEquals(judged("log-event", "actors/echo/echo_server.ts", silent), all(silent, true));
  const named = [
    `self.log.info("it listens", { event: "listening", port });`,
    `log.warn("odd", { ...fields });`,
    `log.warn("odd", fields);`,
    `Math.log(2); catalog.info("x");`,
  ];
  assertEquals(judged("log-event", "actors/echo/echo_server.ts", named), all(named, false));
  assertEquals(judged("log-event", "tests/echo/echo_test.ts", silent), all(silent, false));
});
