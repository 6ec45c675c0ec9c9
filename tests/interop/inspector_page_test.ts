import { assertEquals } from "@std/assert";
import { available, startProcess } from "../_helpers.ts";

const hasChromium = await available("/usr/bin/chromium", "--version");

Deno.test({
  name: "inspector: its page in a real Chromium shows the tree, failures and plots of a living system",
  ignore: !hasChromium,
  async fn() {
    await using script = startProcess(Deno.execPath(), [
      "run",
      "-q",
      "-A",
      "tests/interop/inspector_page.ts",
    ]);
    const { code, stdout, stderr } = await script.ended(240_000);
    assertEquals([code, stdout.trim()], [0, "ok"], stderr);
  },
});
