import { assertEquals } from "@std/assert";
import { startProcess, tempDirectory } from "../_helpers.ts";
import { fifo } from "../store/_special_files.ts";

Deno.test("denoWorld: a FIFO that is made in a watched directory is told, as is what comes after it, and the process ends", async () => {
  await using directory = await tempDirectory();
  const script = new URL("_watcher.ts", import.meta.url).pathname;
  const args = ["run", "--quiet", `--allow-read=${directory.path}`, "--allow-env", "--allow-sys", script];
  await using watcher = startProcess(Deno.execPath(), [...args, directory.path]);
  await watcher.line("watching");
  await fifo(directory.file("fifo"));
  await watcher.line("there are fifo");
  await Deno.writeTextFile(directory.file("after"), "");
  await watcher.line("there are after, fifo");
  await Deno.rename(directory.file("fifo"), directory.file("moved"));
  await watcher.line("there are after, moved");
  await watcher.closeInput();
  const { code, stderr } = await watcher.ended();
  assertEquals([code, stderr], [0, ""]);
});
