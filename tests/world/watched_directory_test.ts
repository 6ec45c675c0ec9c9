import { assertEquals } from "@std/assert";
import { startProcess, tempDirectory } from "../_helpers.ts";
import { fifo } from "../store/_special_files.ts";
import { StandingDirectory } from "./_standing_directory.ts";

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

Deno.test("denoWorld: a name that comes in the same step of time as the directory itself is told", async () => {
  using directory = new StandingDirectory();
  using _watching = directory.watch();
  await directory.isRead();
  directory.put("late", { mtime: directory.time });
  directory.goOn(1000);
  await directory.isTold();
});

Deno.test("denoWorld: a name that comes in the same second is told where a file system counts in seconds", async () => {
  using directory = new StandingDirectory(1_800_000_000_000);
  directory.goOn(900);
  using _watching = directory.watch();
  await directory.isRead();
  directory.put("late", { mtime: directory.time });
  directory.goOn(9000);
  await directory.isTold();
});

Deno.test("denoWorld: a name that comes after a change was told, and before the names were read, is told", async () => {
  using directory = new StandingDirectory();
  const old = directory.time;
  directory.goOn(5000);
  using _watching = directory.watch({ holdsNames: true });
  directory.time = new Date(Date.now());
  await directory.isTold();
  directory.put("late", { mtime: old });
  directory.giveNames();
  await directory.isTold();
});

Deno.test("denoWorld: a file that is written twice in one step of time, with as many bytes, is told twice", async () => {
  using directory = new StandingDirectory();
  directory.put("a", { mtime: directory.time });
  using _watching = directory.watch();
  await directory.isTold();
  // Here the other text was written, with the same time: it can only be told when the step has gone by.
  directory.goOn(1000);
  await directory.isTold();
});

Deno.test("denoWorld: a file that is written before the watcher has seen it first is told", async () => {
  using directory = new StandingDirectory();
  directory.put("a", { mtime: new Date(directory.time.getTime() - 9000) });
  directory.goOn(5000);
  using _watching = directory.watch({ holdsNames: true });
  directory.put("a", { mtime: new Date(Date.now()) });
  directory.goOn(1000);
  directory.giveNames();
  await directory.isTold();
});
