import { assertEquals } from "@std/assert";
import { root, startProcess, tempDirectory } from "../_helpers.ts";

interface Config {
  readonly exports: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
}

Deno.test("types: the package checks under the options of a project that is less strict than this one", async () => {
  const { exports, imports }: Config = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  await using directory = await tempDirectory();
  const config = directory.file("deno.json");
  // Deno's own options, as a new project has them.
  await Deno.writeTextFile(config, JSON.stringify({ imports, unstable: ["net"], nodeModulesDir: "none" }));
  const entries = Object.values(exports).map((path) => `${root}${path.slice(2)}`);
  await using check = startProcess(Deno.execPath(), [
    "check",
    "-q",
    "--no-lock",
    "--config",
    config,
    ...entries,
  ]);
  const { code, stderr } = await check.ended();
  assertEquals([code, stderr.trim()], [0, ""]);
});
