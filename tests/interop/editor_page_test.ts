import { assertEquals } from "@std/assert";
import { available, root, startProcess } from "../_helpers.ts";

const CHROMIUM = "/usr/bin/chromium";

async function isBuilt(): Promise<boolean> {
  try {
    return (await Deno.stat(`${root}dist/pages/editor/index.html`)).isFile;
  } catch {
    return false;
  }
}

Deno.test({
  name:
    "editor page: in a real Chromium three tabs converge, a killed server loses nothing, versions and keyboard work",
  // Without a browser, or before `deno task pages`.
  ignore: !await available(CHROMIUM, "--version") || !await isBuilt(),
  async fn() {
    // The browser's driver asks for rights that no other test has.
    const script = new URL("_editor_page.ts", import.meta.url).pathname;
    await using tests = startProcess(Deno.execPath(), ["test", "-A", "--quiet", script]);
    const { code, stdout, stderr } = await tests.ended(240_000);
    assertEquals(code, 0, `${stdout}\n${stderr}`);
  },
});
