import { assert } from "@std/assert";
import { root } from "../_helpers.ts";

const files = [...Deno.readDirSync(`${root}tests/types`)]
  .map(({ name }) => name)
  .filter((name) => name.endsWith(".ts") && !name.endsWith("_test.ts"));

for (const name of files) {
  Deno.test(`types: what ${name} expects not to compile does not, and all else does`, async () => {
    const checked = await new Deno.Command(Deno.execPath(), {
      args: ["check", "-q", `tests/types/${name}`],
      cwd: root,
      env: { NO_COLOR: "1" },
    }).output();
    assert(checked.success, new TextDecoder().decode(checked.stderr));
  });
}
