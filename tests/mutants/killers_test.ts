import { assertEquals, assertStringIncludes } from "@std/assert";
import { ImportGraph, testFilesOf } from "../../tasks/_import_distance.ts";
import { Killers, rateTable } from "../../tasks/_killers.ts";
import { tempDirectory } from "../_helpers.ts";
import { ROOMS } from "./mod.ts";

Deno.test("mutate: who found a mutant is known to the next run, and who does not any more is forgotten", async () => {
  await using directory = await tempDirectory();
  const path = directory.file("killers.json");
  const first = await Killers.read(path);
  assertEquals(first.of("store", "it never ends"), {});
  first.note("store", "it never ends", { campaign: ["store under chaos", 7] });
  first.note("store", "it never ends", { test: "tests/store/end_test.ts" });
  first.note("store", "it is no longer in the table", { test: "tests/store/end_test.ts" });
  await first.write([["store", ["it never ends", "nobody finds it"]]]);
  const second = await Killers.read(path);
  assertEquals(second.of("store", "it never ends"), {
    campaign: ["store under chaos", 7],
    test: "tests/store/end_test.ts",
  });
  assertEquals(second.of("store", "it is no longer in the table"), {});
  second.note("store", "it never ends", { campaign: undefined });
  await second.write([["store", ["it never ends"]]]);
  const third = await Killers.read(path);
  assertEquals(third.of("store", "it never ends"), { test: "tests/store/end_test.ts" });
});

Deno.test("mutate: the page has the rates that --rates prints", async () => {
  const root = new URL("../../", import.meta.url);
  const killers = await Killers.read(new URL("tests/mutants/killers.json", root).pathname);
  const rooms = Object.entries(ROOMS).map(([name, { mutants }]) =>
    [name, mutants.map(({ what }) => what)] as const
  );
  // Without the blanks by which the page's columns are aligned.
  const cells = (text: string) => text.replace(/ +/g, " ").replace(/-{3,}/g, "---");
  const page = await Deno.readTextFile(new URL("docs/simulator.md", root));
  assertStringIncludes(cells(page), cells(rateTable(rooms, killers)));
});

Deno.test("mutate: tests that are nearest to what is planted are asked first", async () => {
  await using directory = await tempDirectory();
  const write = async (path: string, text: string) => {
    const file = directory.file(path);
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(file, text);
  };
  await write("deno.json", '{ "name": "@a/b", "exports": { ".": "./mod.ts", "./leaf": "./src/leaf.ts" } }');
  await write("src/leaf.ts", "export const leaf = 1;");
  await write("src/tree.ts", 'import { leaf } from "./leaf.ts";');
  await write("mod.ts", 'export * from "./src/tree.ts";');
  await write("tests/a_test.ts", 'import "@a/b";');
  await write("tests/b_test.ts", 'Deno.test("starts a program", () => {});');
  await write("tests/c_test.ts", 'const { leaf } = await import("@a/b/leaf");');
  await write("tests/deep/d_test.ts", 'import { leaf } from "../../src/tree.ts";');
  await write("tests/deep/_helper.ts", "");
  const root = directory.file("").replace(/\/$/, "");
  const files = await testFilesOf(root, ["tests/b_test.ts", "tests"]);
  assertEquals(files, ["tests/b_test.ts", "tests/a_test.ts", "tests/c_test.ts", "tests/deep/d_test.ts"]);
  const graph = await ImportGraph.read(root, ["src", "tests", "mod.ts"]);
  assertEquals(graph.nearestFirst(files, "src/leaf.ts"), [
    ...["tests/c_test.ts", "tests/deep/d_test.ts", "tests/a_test.ts"],
    "tests/b_test.ts",
  ]);
});
