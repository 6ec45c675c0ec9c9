import { assert, assertEquals, assertMatch } from "@std/assert";
import { traceFile } from "../../actors/election/trace_file.ts";
import { ActorSystem, denoWorld } from "../../mod.ts";
import { tempDirectory, TestClient, until } from "../_helpers.ts";
import { CHAT, PEER, started } from "./_services.ts";
import { fifo } from "./_special_files.ts";

Deno.test("files 15: a memory that is damaged is kept beside it, and the node begins as one that forgot", async () => {
  for (const content of ["", '{"term": 5, "voted', '{"term": -1, "votedFor": 1}', "\0".repeat(70_000)]) {
    await using directory = await tempDirectory();
    await Deno.writeTextFile(directory.file("memory"), content);
    await using node = (await started(PEER, directory.file("memory"), directory.path)).process;
    await node.line(/Leader elected: Node 1/);
    const warning = /Cannot use .*memory.*: .*it is kept in (.*memory\.damaged-\d{8}T\d{6}Z)/.exec(
      node.stdout,
    );
    assertEquals(await Deno.readTextFile(warning?.[1] ?? "?"), content);
  }
});

Deno.test("files 15: a FIFO in the place of a memory is kept beside it, and the node begins as one that forgot", async () => {
  await using directory = await tempDirectory();
  const path = directory.file("memory");
  await fifo(path);
  await using node = (await started(PEER, path, directory.path)).process;
  await node.line(/Leader elected: Node 1/);
  const kept = /Cannot use .*memory.*: .*it is kept in (.*memory\.damaged-\d{8}T\d{6}Z)/.exec(node.stdout);
  assert((await Deno.lstat(kept?.[1] ?? "?")).isFifo);
  assertMatch(await Deno.readTextFile(path), /"term":/);
});

Deno.test("files 15: a trace that is rotated, removed or emptied under the node goes on", async () => {
  for (const disturb of [(path: string) => Deno.rename(path, `${path}.1`), Deno.remove, Deno.truncate]) {
    await using directory = await tempDirectory();
    const path = directory.file("trace");
    const system = new ActorSystem("node", { world: denoWorld({ log: { level: "error" } }) });
    const trace = system.spawn("trace", traceFile(path));
    const write = async (term: number) => {
      trace.tell({ node: 1, term, from: "a", to: "b", leader: 0, why: "c" });
      await until(
        async () => (await Deno.readTextFile(path).catch(() => "")).includes(`"term":${term}`),
        "a line",
      );
    };
    await write(1);
    await disturb(path);
    await write(2);
    await write(3);
    await system.stop();
    const terms = (await Deno.readTextFile(path)).trim().split("\n").map((line) => JSON.parse(line).term);
    assertEquals(terms, [2, 3]);
  }
});

Deno.test("files 15: one flipped bit in record 4 of 40 of a chat's history costs that line alone", async () => {
  await using directory = await tempDirectory();
  const path = directory.file("history");
  const said = Array.from({ length: 40 }, (_, n) => `line ${n + 1} of 40`);
  {
    const { process, port } = await started(CHAT, path, directory.path);
    await using _ = process;
    using client = await TestClient.connect(port);
    await client.send("ann\n");
    await client.send(said.join("\n") + "\n");
    await until(async () => (await Deno.readTextFile(path)).includes("line 40 of 40"), "the last line");
    process.kill("SIGTERM");
    await process.ended();
  }
  const bytes = await Deno.readFile(path);
  const at = new TextDecoder("latin1").decode(bytes).indexOf("line 4 of 40");
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  await Deno.writeFile(path, bytes);
  const { process, port } = await started(CHAT, path, directory.path);
  await using server = process;
  using client = await TestClient.connect(port);
  await client.send("bob\n/history 50\n/who\n");
  const seen: string[] = [];
  while (!(seen.at(-1) ?? "").includes("line 40 of 40")) seen.push(await client.line() ?? "");
  for (const line of said) {
    assertEquals(
      seen.filter((text) => text.endsWith(`ann: ${line}`)).length,
      line.startsWith("line 4 ") ? 0 : 1,
      line,
    );
  }
  assertMatch(
    server.stdout,
    /What could not be read of .*history is kept in .*history\.damaged-\d{8}T\d{6}Z\n/,
  );
  const kept = (await Array.fromAsync(Deno.readDir(directory.path))).find(({ name }) =>
    name.includes(".damaged-")
  );
  assert(kept !== undefined);
  const lost = await Deno.readFile(directory.file(kept.name));
  assert(new TextDecoder().decode(lost).includes("hine 4 of 40") && lost.length < 200);
});

for (
  const [what, disturb] of [
    ["rotated", (path: string) => Deno.rename(path, `${path}.1`)],
    ["removed", (path: string) => Deno.remove(path)],
    ["emptied", (path: string) => Deno.truncate(path, 0)],
    ["cut in the middle of a line", (path: string) => Deno.truncate(path, 50)],
    [
      "overwritten by another file",
      (path: string) => Deno.writeTextFile(path, "somebody's notes\n".repeat(20)),
    ],
  ] as const
) {
  Deno.test(`files 15: of a history that is ${what} under the server, nothing that is said from then on is lost`, async () => {
    await using directory = await tempDirectory();
    const path = directory.file("history");
    {
      const { process, port } = await started(CHAT, path, directory.path);
      await using _ = process;
      using client = await TestClient.connect(port);
      await client.send("ann\nbefore\n");
      await until(async () => (await Deno.readTextFile(path)).includes("before"), "the first line");
      await disturb(path);
      await client.send("after one\nafter two\n");
      await process.line(/was changed by somebody else/);
      await until(
        async () => (await Deno.readTextFile(path).catch(() => "")).includes("after two"),
        "the last line",
      );
      process.kill("SIGKILL");
      await process.ended();
    }
    const { process, port } = await started(CHAT, path, directory.path);
    await using _ = process;
    using client = await TestClient.connect(port);
    await client.send("bob\n/history 50\n");
    const seen: string[] = [];
    while (!(seen.at(-1) ?? "").includes("after two")) seen.push(await client.line() ?? "");
    assertEquals(seen.filter((line) => line.includes("after")).length, 2);
  });
}
