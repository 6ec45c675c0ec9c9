/**
 * One kind of fault after the other, with every file that a service opens: the table in `docs/faults.md`.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  makeCertificate,
  startTask,
  type TaskName,
  type TempDirectory,
  tempDirectory,
  TestClient,
  until,
} from "../_helpers.ts";
import { FOREIGN, Provider } from "../editor/_web_clients.ts";
import { CHAT, EDITOR, type FileOwner, PEER, RECORDS, refused, started } from "../store/_services.ts";
import { fifo, hardLink, symlink } from "../store/_special_files.ts";
import { serve } from "./_strangers.ts";

const ANY_PORT = ["--host", "127.0.0.1", "--port", "0"];
const NODE = PEER.args("memory");

/** A file that a program opens, its name, and how the program says what it thinks of it. */
interface OpenedFile {
  readonly task: TaskName;
  readonly args: readonly string[];
  readonly name: string;
  /** It goes on without the file. */
  readonly runs?: true;
}

const OPENED: readonly OpenedFile[] = [
  { task: "records:server", args: ANY_PORT, name: ".env" },
  { task: "chat:server", args: [...ANY_PORT, "--config", "settings"], name: "settings" },
  { task: "peer", args: [...NODE, "--secret-file", "secret"], name: "secret" },
  { task: "peer", args: [...NODE, "--trace", "trace"], name: "trace" },
  { task: "peer", args: NODE, name: "Peer_files.log", runs: true },
  { task: "peer", args: NODE, name: "Peer_files.log.term", runs: true },
  { task: "records:server", args: RECORDS.args("data"), name: "data/records.json", runs: true },
  { task: "editor:server", args: [...ANY_PORT, "--web-port", "0"], name: "temp.txt.history" },
  { task: "chat:server", args: [...ANY_PORT, "--history", "history"], name: "history" },
];

/** What may stand in the place of a file, and hangs or swallows whoever opens it. */
const SPECIAL = {
  "a FIFO": fifo,
  "a link to an endless file": (path: string) => symlink("/dev/zero", path),
  "a link to a file of the kernel": (path: string) => symlink("/proc/kmsg", path),
} as const;

for (const [what, make] of Object.entries(SPECIAL)) {
  Deno.test(`14: ${what} in the place of any file that is opened is named in a line, and hangs nothing`, async () => {
    await Promise.all(OPENED.map(async ({ task, args, name, runs }) => {
      await using directory = await tempDirectory();
      await Deno.mkdir(directory.file("data"));
      await make(directory.file(name));
      await using process = startTask(task, args, { cwd: directory.path });
      const base = name.slice(name.lastIndexOf("/") + 1);
      if (runs) {
        await until(
          () => process.stdout.includes(`${base}`) || process.stderr.includes(base),
          `${name} named`,
        );
        await until(() => /is listening on|ready to receive/.test(process.stdout), `${name}: the service`);
        process.kill("SIGTERM");
        assertEquals((await process.ended()).code, 0, name);
        return;
      }
      const { code, stderr } = await process.ended();
      assertEquals(code, 1, `${task}, ${name}: ${stderr}`);
      assert(stderr.includes(base) && stderr.trim().split("\n").length === 1, `${task}, ${name}: ${stderr}`);
    }));
  });
}

Deno.test("13: a file that a service of another kind has, or has by another name, is nobody else's", async () => {
  await using directory = await tempDirectory();
  const path = directory.file("file");
  await using _ = (await started(EDITOR, path, directory.path)).process;
  await hardLink(path, directory.file("other"));
  const others: readonly (readonly [FileOwner, string])[] = [[CHAT, path], [CHAT, "other"], [
    EDITOR,
    "other",
  ]];
  for (const [owner, other] of others) {
    const { code, stderr } = await refused(owner, other, directory.path);
    assertEquals(code, 1);
    assertMatch(stderr, /^\[ERROR\] .*another process has it\n$/);
  }
  for (const name of ["a", "b", "index", "other-index"]) await Deno.mkdir(directory.file(name));
  const records = (files: string, index: string) =>
    startTask("records:server", [...ANY_PORT, "--file-path", files, "--record-path", index], {
      cwd: directory.path,
    });
  await using first = records("a", "index");
  await first.port(RECORDS.ready);
  for (const [files, index] of [["a", "other-index"], ["b", "index"]] as const) {
    const { code, stderr } = await records(files, index).ended();
    assertEquals(code, 1);
    assertMatch(stderr, /^\[ERROR\] .*another process has it\n$/);
  }
});

/** What is done to the file while the server has it, and what is left of what it held. */
const DISTURBED: readonly (readonly [string, (path: string) => Promise<void>, string])[] = [
  ["removed", (path) => Deno.remove(path), ""],
  ["rotated", (path) => Deno.rename(path, `${path}.1`), ""],
  ["emptied", (path) => Deno.truncate(path), ""],
  ["cut in the middle of a line", (path) => Deno.truncate(path, 3), "bef\n"],
  ["overwritten", (path) => Deno.writeTextFile(path, "somebody's notes\n"), "somebody's notes\n"],
];

for (const [what, disturb, left] of DISTURBED) {
  Deno.test(`15: of a document that is ${what} under the editor nothing that is said from then on is lost`, async () => {
    await using directory = await tempDirectory();
    const path = directory.file("temp.txt");
    await Deno.writeTextFile(path, "before\n");
    {
      await using server = await serve("editor", directory);
      using client = await TestClient.connect(server.port);
      assertEquals(await client.line(), "before");
      await disturb(path);
      using writer = await TestClient.connect(server.port);
      await writer.send("one\ntwo\n");
      await until(async () => (await Deno.readTextFile(path).catch(() => "")).endsWith("two\n"), "the lines");
      server.process.kill("SIGKILL");
      await server.process.ended();
    }
    assertEquals(await Deno.readTextFile(path), `${left}one\ntwo\n`);
  });
}

/** A file of a service with a damage that is set aside, and the service. */
const DAMAGED: readonly (readonly [FileOwner, string, (directory: TempDirectory) => Promise<void>])[] = [
  [PEER, "memory", (directory) => Deno.writeTextFile(directory.file("memory"), "a stranger's")],
  [
    RECORDS,
    "data/records.json",
    (directory) => Deno.writeTextFile(directory.file("data/records.json"), "a stranger's"),
  ],
];

for (const [owner, name, damage] of DAMAGED) {
  Deno.test(`11: what is damaged of ${owner.name} is set aside under a name where no link waits for it`, async () => {
    await using directory = await tempDirectory();
    await Deno.mkdir(directory.file("data"));
    await Deno.writeTextFile(directory.file("outside"), "mine");
    await damage(directory);
    // The name has the second in it: links under all names of a minute.
    for (let second = 0; second < 60; second++) {
      const time = new Date(Date.now() + second * 1000).toISOString().replaceAll(/[-:]|\.\d+/g, "");
      await symlink(directory.file("outside"), directory.file(`${name}.damaged-${time}`));
    }
    const { process } = await started(owner, owner === RECORDS ? "data" : "memory", directory.path);
    await using _ = process;
    await until(() => process.stdout.includes("kept in "), "the warning");
    assertEquals(await Deno.readTextFile(directory.file("outside")), "mine");
    const [, kept = ""] = /kept in (\S+)$/m.exec(process.stdout) ?? [];
    assertEquals(await Deno.readTextFile(directory.file(kept)), "a stranger's");
    assertEquals((await Deno.lstat(directory.file(kept))).isSymlink, false);
  });
}

Deno.test("7: a byte order mark before a certificate, a key, the records and a node's memory is none of them", async () => {
  await using directory = await tempDirectory();
  const { certFile, keyFile, cert } = await makeCertificate(directory);
  for (const file of [certFile, keyFile]) {
    await Deno.writeTextFile(file, `\ufeff${await Deno.readTextFile(file)}`);
  }
  await using echo = await serve("echo", directory, ["--tls-cert", certFile, "--tls-key", keyFile]);
  const conn = await Deno.connectTls({ hostname: "127.0.0.1", port: echo.port, caCerts: [cert] });
  using client = new TestClient(conn);
  await client.send("hello\n");
  assertEquals(await client.line(), "hello");

  await Deno.mkdir(directory.file("data"));
  await Deno.writeTextFile(directory.file("data/records.json"), '\ufeff{"1": "2024-01-01 00:00:00"}');
  await Deno.writeTextFile(directory.file("data/1.txt"), "Last updated: 2024-01-01 00:00:00\n");
  await Deno.writeTextFile(directory.file("memory"), '\ufeff{"term":7,"votedFor":1}\n');
  for (const [owner, path] of [[RECORDS, "data"], [PEER, "memory"]] as const) {
    const { process } = await started(owner, path, directory.path);
    await using server = process;
    if (owner === PEER) await server.line("Wrote Peer_files.log in term 8");
    assert(!/damaged|WARN/.test(server.stdout), server.stdout);
  }
});

// The last one: its client leaves timers behind.
Deno.test("12: a document that browsers edit keeps the mode and the link of its file", FOREIGN, async () => {
  await using directory = await tempDirectory();
  await Deno.mkdir(directory.file("real"));
  await Deno.writeTextFile(directory.file("real/notes.txt"), "before\n", { mode: 0o640 });
  await symlink("real/notes.txt", directory.file("temp.txt"));
  await using server = startTask("editor:server", [...ANY_PORT, "--web-port", "0"], { cwd: directory.path });
  const line = await server.line("Web door listening");
  {
    using browser = await Provider.open(`ws://127.0.0.1:${/:(\d+)$/.exec(line)?.[1]}/sync`);
    // In the middle, so that the file is replaced whole.
    browser.text.insert(3, "-edited-");
    const path = directory.file("real/notes.txt");
    await until(async () => await Deno.readTextFile(path) === "bef-edited-ore\n", "the edit in the file");
  }
  server.kill("SIGTERM");
  await server.ended();
  assertEquals(((await Deno.stat(directory.file("real/notes.txt"))).mode ?? 0) & 0o777, 0o640);
  assert((await Deno.lstat(directory.file("temp.txt"))).isSymlink);
});
