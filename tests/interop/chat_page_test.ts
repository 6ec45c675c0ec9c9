import { assertEquals } from "@std/assert";
import { available, startProcess } from "../_helpers.ts";

const hasChromium = await available("/usr/bin/chromium", "--version");

Deno.test({
  name: "chat: two tabs in a real Chromium, nc and IRC are one room, over a kill -9 of the server",
  ignore: !hasChromium,
  async fn() {
    await using script = startProcess(Deno.execPath(), ["run", "-q", "-A", "tests/interop/chat_page.ts"]);
    const { code, stdout, stderr } = await script.ended(120_000);
    assertEquals([code, stdout.trim()], [0, "ok"], stderr);
  },
});
