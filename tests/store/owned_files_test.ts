import { assert, assertEquals, assertMatch } from "@std/assert";
import { available, runTask, startTask, tempDirectory, TestClient, until } from "../_helpers.ts";
import { RecordsTestClient, recordText, stampAgo } from "../records/_server.ts";
import { CHAT, EDITOR, type FileOwner, PEER, RECORDS, refused, started } from "./_services.ts";
import { fifo, symlink } from "./_special_files.ts";

const OWNERS = [EDITOR, CHAT, RECORDS, PEER];

/** What the owner is given: a file, or a folder that is there. */
async function place(owner: FileOwner, directory: string): Promise<string> {
  const path = `${directory}/data`;
  if (owner === RECORDS) await Deno.mkdir(path);
  return path;
}

for (const owner of OWNERS) {
  Deno.test(`files 13: a second ${owner.name} server on the same data, by whatever path, is one line and exit 1`, async () => {
    await using directory = await tempDirectory();
    const path = await place(owner, directory.path);
    const { process } = await started(owner, path, directory.path);
    await using first = process;
    await Deno.mkdir(directory.file("sub"));
    await symlink(path, directory.file("link"));
    await symlink("../link", directory.file("sub/twice"));
    const paths = [path, "data", "./sub/../data", directory.file("link"), directory.file("sub/twice")];
    const ends = await Promise.all(paths.map((other) => refused(owner, other, directory.path)));
    for (const { code, stderr } of ends) {
      assertEquals(code, 1);
      assertMatch(stderr, /^\[ERROR\] .*another process has it\n$/);
    }
    // After a kill nobody has it.
    first.kill("SIGKILL");
    await first.ended();
    await using _ = (await started(owner, directory.file("link"), directory.path)).process;
  });

  Deno.test(`files 14: what is no file is never opened by the ${owner.name} server, and hangs nothing`, async () => {
    await using directory = await tempDirectory();
    await fifo(directory.file("fifo"));
    // Of a node's memory a FIFO is damage, see below.
    for (const path of owner === PEER ? ["/dev/zero"] : [directory.file("fifo"), "/dev/zero"]) {
      const { code, stderr } = await refused(owner, path, directory.path);
      assert(code === 1 || code === 2, `${path}: exit ${code}`);
      // A usage error ends with the line that names --help; a missing right may have a line of its own.
      const lines = stderr.trim().split("\n").filter((line) => !line.includes("Requires read access"));
      assert(lines.length <= code, stderr);
    }
  });
}

Deno.test("files 11: a link under a name that a temporary file could have leads no stranger's text out of the folder", async () => {
  await using directory = await tempDirectory();
  const outside = directory.file("outside");
  await Deno.writeTextFile(outside, "mine");
  const data = directory.file("data");
  await Deno.mkdir(data);
  for (
    const name of [
      ".5.txt.tmp",
      ".5.txt..tmp",
      "5.txt.tmp",
      ".records.json.tmp",
      ".records.json.journal",
      ".records.json.lock",
    ]
  ) {
    await symlink(outside, `${data}/${name}`);
  }
  // The lock's name is the one that stops it: nothing may be made or opened there.
  const { code, stderr } = await refused(RECORDS, data, directory.path);
  assertEquals(code, 1);
  assertMatch(stderr, /records\.json\.lock: it is a link/);
  await Deno.remove(`${data}/.records.json.lock`);
  const { process, port } = await started(RECORDS, data, directory.path);
  await using server = process;
  using client = new RecordsTestClient(await TestClient.connect(port));
  const text = recordText(stampAgo(0), "a stranger's");
  assertEquals((await client.write("5", text)).type, "success");
  server.kill("SIGTERM");
  await server.ended();
  assertEquals(await Deno.readTextFile(outside), "mine");
  assertEquals(await Deno.readTextFile(`${data}/5.txt`), text);
});

Deno.test("files 11: links beside a text and a history lead nothing out of the folder either", async () => {
  await using directory = await tempDirectory();
  const outside = directory.file("outside");
  await Deno.writeTextFile(outside, "mine");
  await symlink(outside, directory.file("notes.txt.journal"));
  const { code, stderr } = await refused(EDITOR, directory.file("notes.txt"), directory.path);
  assertEquals(code, 1);
  assertMatch(stderr, /notes\.txt/);
  for (const name of [".history.tmp", "history.new", "history.tmp"]) {
    await symlink(outside, directory.file(name));
  }
  const { process, port } = await started(CHAT, directory.file("history"), directory.path);
  await using _ = process;
  using client = await TestClient.connect(port);
  await client.send("ann\nhello\n");
  await until(async () => (await Deno.readTextFile(directory.file("history"))).includes("hello"), "the line");
  assertEquals(await Deno.readTextFile(outside), "mine");
});

Deno.test("files 12: what the records server replaces keeps mode and link", async () => {
  await using directory = await tempDirectory();
  const data = directory.file("data");
  await Deno.mkdir(`${data}/real`, { recursive: true });
  const old = stampAgo(100_000);
  await Deno.writeTextFile(`${data}/5.txt`, recordText(old, "old"), { mode: 0o640 });
  await Deno.writeTextFile(`${data}/real/6.txt`, recordText(old, "old"), { mode: 0o600 });
  await Deno.writeTextFile(`${data}/real/index.json`, JSON.stringify({ 5: old, 6: old }), { mode: 0o600 });
  await symlink("real/6.txt", `${data}/6.txt`);
  await symlink("real/index.json", `${data}/records.json`);
  const { process, port } = await started(RECORDS, data, directory.path);
  await using server = process;
  using client = new RecordsTestClient(await TestClient.connect(port));
  for (const id of ["5", "6"]) {
    assertEquals((await client.write(id, recordText(stampAgo(0), "new"))).type, "success");
  }
  server.kill("SIGTERM");
  await server.ended();
  const mode = async (name: string) => ((await Deno.stat(`${data}/${name}`)).mode ?? 0) & 0o777;
  assertEquals(await Promise.all(["5.txt", "real/6.txt", "real/index.json"].map(mode)), [
    0o640,
    0o600,
    0o600,
  ]);
  assertEquals((await Deno.lstat(`${data}/6.txt`)).isSymlink, true);
  assertEquals((await Deno.lstat(`${data}/records.json`)).isSymlink, true);
  assertMatch(await Deno.readTextFile(`${data}/real/6.txt`), /new/);
  assert(JSON.parse(await Deno.readTextFile(`${data}/real/index.json`))[6] > old);
});

/** Runs programs without root's right to read what nobody may: files of mode 000 are that for root, too. */
const WITHOUT_ROOT = ["--bounding-set=-dac_override,-dac_read_search"];
const canDropRights = Deno.build.os === "linux" && await available("setpriv", ...WITHOUT_ROOT, "true");

Deno.test({
  name: "files 14: bad records cost those alone, with a line that names each",
  ignore: !canDropRights,
  async fn() {
    await using directory = await tempDirectory();
    const data = directory.file("data");
    await Deno.mkdir(data);
    await Deno.writeTextFile(`${data}/1.txt`, recordText(stampAgo(5), "fine"));
    await Deno.writeTextFile(`${data}/2.txt`, recordText(stampAgo(5), "x"), { mode: 0 });
    await fifo(`${data}/3.txt`);
    await symlink("/dev/zero", `${data}/4.txt`);
    await symlink("/etc/passwd", `${data}/5.txt`);
    await symlink("6.txt", `${data}/6.txt`);
    // A sparse file of a terabyte.
    await Deno.writeTextFile(`${data}/7.txt`, "");
    await Deno.truncate(`${data}/7.txt`, 2 ** 40);
    const under = ["setpriv", ...WITHOUT_ROOT];
    await using process = startTask(RECORDS.task, RECORDS.args(data), { cwd: directory.path, under });
    const port = await process.port(RECORDS.ready);
    using client = new RecordsTestClient(await TestClient.connect(port));
    assertEquals((await client.read("1")).type, "success");
    for (const id of ["2", "3", "4", "5", "6", "7"]) {
      const { type, data } = await client.read(id);
      assert(type === "error" && /^C/.test(String(data)), `${id}: ${data}`);
      assert(process.stdout.includes(`[WARN] ${id}.txt `), `${id} is not named:\n${process.stdout}`);
    }
    assertEquals((await client.write("1", recordText(stampAgo(0), "still served"))).type, "success");
    assertEquals((await client.ask({ type: "info" })).data, {
      connections: 1,
      max_connections: 10,
      records: 1,
    });
  },
});

Deno.test("files 11, 12: what a node replaces keeps mode and link, and what a crash had left of it is gone", async () => {
  await using directory = await tempDirectory();
  const outside = directory.file("outside");
  await Deno.writeTextFile(outside, "mine");
  for (const name of [".memory.tmp", ".Peer_files.log.tmp", ".Peer_files.log.term.tmp"]) {
    await symlink(outside, directory.file(name));
  }
  await Deno.mkdir(directory.file("real"));
  await Deno.writeTextFile(directory.file("real/memory"), '{"term": 7, "votedFor": 1}', { mode: 0o600 });
  await Deno.writeTextFile(directory.file("real/log"), "", { mode: 0o640 });
  await symlink("real/memory", directory.file("memory"));
  await symlink("real/log", directory.file("Peer_files.log"));
  const left = directory.file("real/.memory.7c9e6679-7425-40de-944b-e07fc1f90ae7.tmp");
  await Deno.writeTextFile(left, "half");
  await using node = (await started(PEER, directory.file("memory"), directory.path)).process;
  await node.line(/Wrote Peer_files\.log/);
  assertEquals(await Deno.readTextFile(outside), "mine");
  for (const [name, mode] of [["memory", 0o600], ["log", 0o640]] as const) {
    assertEquals(((await Deno.stat(directory.file(`real/${name}`))).mode ?? 0) & 0o777, mode);
  }
  assert((await Deno.lstat(directory.file("memory"))).isSymlink);
  assert((await Deno.lstat(directory.file("Peer_files.log"))).isSymlink);
  assertMatch(await Deno.readTextFile(directory.file("real/log")), /Leader Node 1/);
  assertEquals((await Array.fromAsync(Deno.readDir(directory.file("real")))).map(({ name }) => name).sort(), [
    ".memory.lock",
    "log",
    "memory",
  ]);
});

Deno.test("files 13: a node on the folder of another, with a memory of its own, is one line and exit 1", async () => {
  await using directory = await tempDirectory();
  await Deno.mkdir(directory.file("files"));
  await symlink("files", directory.file("link"));
  const args = (id: number, dir: string) => [
    ...[String(id), "--nodes", "1=127.0.0.1:18080,2=127.0.0.1:18081", "--port", "0", "--wait-ms", "0"],
    ...[
      "--swarm-port",
      "0",
      "--http-port",
      "0",
      "--dir",
      dir,
      "--memory",
      directory.file(`memory${id}-${dir}`),
    ],
  ];
  await using first = startTask("peer", args(1, "files"), { cwd: directory.path });
  await first.port(PEER.ready);
  for (const [id, dir] of [[1, "link"], [2, "files"], [2, "link"]] as const) {
    const { code, stdout, stderr } = await runTask("peer", args(id, dir), { cwd: directory.path });
    assertEquals([code, stdout.includes("is listening")], [1, false]);
    assertMatch(stderr, new RegExp(`^\\[ERROR\\] Cannot use .*${dir}: another process has it\n$`));
  }
  // After a kill nobody has it.
  first.kill("SIGKILL");
  await first.ended();
  await using second = startTask("peer", args(2, "link"), { cwd: directory.path });
  await second.port(PEER.ready);
});

Deno.test("files 14: what is no file in a node's folder is left out, with a line that names it", async () => {
  await using directory = await tempDirectory();
  const files = directory.file("Node1");
  await Deno.mkdir(`${files}/folder`, { recursive: true });
  await Deno.writeTextFile(`${files}/fine.txt`, "fine");
  await Deno.writeTextFile(`${files}/line\nbreak`, "");
  await fifo(`${files}/fifo`);
  await symlink("/etc/passwd", `${files}/outside`);
  await symlink("/dev/zero", `${files}/endless`);
  await symlink("loop", `${files}/loop`);
  const { process } = await started(PEER, directory.file("memory"), directory.path);
  await using node = process;
  const lines = [
    ...["fifo", "outside", "endless", "loop"].map((name) =>
      `[WARN] Left "${name}" in Node1 out of the list: it is no regular file`
    ),
    '[WARN] Left "line\\nbreak" in Node1 out of the list: the list cannot have such a name',
  ];
  await until(() => lines.every((line) => node.stdout.includes(line)), "a line for each");
  const log = () => Deno.readTextFile(directory.file("Peer_files.log")).catch(() => "");
  await until(async () => await log() === "Leader Node 1 files:\nfine.txt\n", "the log");
});

Deno.test("files 11, 12: the records client follows no foreseeable name out of the folder, and keeps mode and link of what it saves", async () => {
  await using directory = await tempDirectory();
  await Deno.mkdir(directory.file("data"));
  const { process, port } = await started(RECORDS, directory.file("data"), directory.path);
  await using _ = process;
  using client = new RecordsTestClient(await TestClient.connect(port));
  const text = recordText(stampAgo(0), "a stranger's");
  for (const id of ["5", "6", "7"]) await client.write(id, text);
  const out = directory.file("out");
  await Deno.mkdir(`${out}/real`, { recursive: true });
  await Deno.writeTextFile(directory.file("outside"), "mine");
  for (const name of [".5.txt.tmp", "5.txt.tmp", "7.txt"]) {
    await symlink(directory.file("outside"), `${out}/${name}`);
  }
  await Deno.writeTextFile(`${out}/5.txt`, "old", { mode: 0o600 });
  await Deno.writeTextFile(`${out}/real/6.txt`, "old");
  await Deno.writeTextFile(`${out}/.5.txt.7c9e6679-7425-40de-944b-e07fc1f90ae7.tmp`, "half");
  await symlink("real/6.txt", `${out}/6.txt`);
  const read = (id: string) =>
    runTask("records:client", ["read", id, "--host", "127.0.0.1", "--port", `${port}`, "--out", out], {
      cwd: directory.path,
    });
  const [five, six, seven] = [await read("5"), await read("6"), await read("7")];
  assertEquals([five.code, six.code, seven.code], [0, 0, 1]);
  assertMatch(seven.stderr, /Cannot write .*7\.txt: it is a link out of its folder\n$/);
  assertEquals(await Deno.readTextFile(directory.file("outside")), "mine");
  assertEquals(await Deno.readTextFile(`${out}/5.txt`), text);
  assertEquals(((await Deno.stat(`${out}/5.txt`)).mode ?? 0) & 0o777, 0o600);
  assertEquals(await Deno.readTextFile(`${out}/real/6.txt`), text);
  assert((await Deno.lstat(`${out}/6.txt`)).isSymlink);
  const names = (await Array.fromAsync(Deno.readDir(out))).map(({ name }) => name).sort();
  assertEquals(names, ["5.txt", "5.txt.tmp", "6.txt", "7.txt", "real"]);
});
