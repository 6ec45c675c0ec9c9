import { assertEquals } from "@std/assert";
import { faultsOf } from "../../lint/tree.ts";
import { tempDirectory } from "../_helpers.ts";

/** What is wrong with a tree of these files. */
async function faults(files: Readonly<Record<string, string>>): Promise<string[]> {
  await using directory = await tempDirectory();
  const root = new URL(`file://${directory.path}/`);
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(new URL("./", new URL(path, root)), { recursive: true });
    await Deno.writeTextFile(new URL(path, root), text);
  }
  return await faultsOf(root);
}

Deno.test("lint: this tree has no cycle of imports, no rooms that import each other, and no long file", async () => {
  assertEquals(await faultsOf(new URL("../../", import.meta.url)), []);
});

Deno.test("lint: imports that go round in a circle are refused, also those of types alone", async () => {
  for (
    const back of [
      `import { a } from "./a.ts";`,
      `import type { A } from "./a.ts";`,
      `import { type A } from "./a.ts";`,
      `export type * from "./a.ts";`,
      `export {\n  type A,\n  a,\n} from "./a.ts";`,
      `import type {\n  // the "A" of a\n  A,\n} from "./a.ts";\nexport type C = A;`,
      `export type C = import("./a.ts").A;`,
      `import a from "./a.ts"; import * as b from './a.ts'`,
    ]
  ) {
    const found = await faults({
      "protocols/a.ts": `import type { B } from "./b.ts";\nexport type A = B;\n`,
      "protocols/b.ts": `import "./c.ts";\n`,
      "protocols/c.ts": `${back}\n`,
      "protocols/d.ts": `import { a } from "./a.ts";\n`,
    });
    const ways = ["a → b → c → a", "b → c → a → b", "c → a → b → c"]
      .map((way) => way.replace(/\w/g, "protocols/$&.ts") + ": imports go round in a circle");
    assertEquals(found.filter((fault) => ways.includes(fault)).length, 1, back);
    assertEquals(found.length, 1, back);
  }
});

Deno.test("lint: what only looks like a circle is none", async () => {
  assertEquals(
    await faults({
      "protocols/a.ts": `/**\n * import { b } from "./b.ts";\n */\nexport const a = 1;\n`,
      "protocols/b.ts": `import { a } from "./a.ts";\nexport const b = a;\n`,
      "tasks/a.ts": `export const later = () => import("./b.ts");\n`,
      "tasks/b.ts": `import { later } from "./a.ts";\n`,
    }),
    [],
  );
});

Deno.test("lint: rooms that import each other are refused, whichever of their files do", async () => {
  const found = await faults({
    "actors/one/a.ts": `import type { B } from "../two/b.ts";\n`,
    "actors/two/b.ts": `export type B = 1;\n`,
    "actors/two/c.ts": `import type { D } from "../one/d.ts";\n`,
    "actors/one/d.ts": `export type D = 1;\n`,
  });
  assertEquals(found.length, 1);
  assertEquals(found[0]?.endsWith(": rooms import each other"), true, found[0]);
});

Deno.test("lint: a file of more than 400 lines is refused, of whatever language", async () => {
  const lines = (count: number) => "/* */\n".repeat(count);
  const files = ["pages/p/style.css", "tests/t_test.ts", "tests/bench/peers/b.mjs", "tests/t.py"];
  const all = (count: number) => Object.fromEntries(files.map((path) => [path, lines(count)]));
  assertEquals(await faults(all(400)), []);
  assertEquals(
    (await faults(all(401))).sort(),
    files.map((path) => `${path}: 401 lines: a file has at most 400`).sort(),
  );
});
