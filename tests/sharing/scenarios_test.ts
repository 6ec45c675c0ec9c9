/**
 * What happens to downloads. With TROUPE_SHARING_BYTES=1073741824 the first of them is that of a whole
 * gigabyte.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { root, startProcess, until } from "../_helpers.ts";
import { lying } from "./_lying_world.ts";
import { SharingNetwork, someBytes, startNetwork, type TestNode } from "./_network.ts";

const BYTES = Number(Deno.env.get("TROUPE_SHARING_BYTES") ?? 24_000_000);
const NAME = "big.bin";

function nodeOf(network: SharingNetwork, id: number): TestNode {
  const node = network.running.get(id);
  assert(node !== undefined);
  return node;
}

/** The last that was told of a download's progress. */
function lastStatus(notices: Awaited<ReturnType<TestNode["get"]>>["notices"]) {
  return notices.flatMap((notice) => notice.type === "download-progress" ? [notice.status] : []).at(-1);
}

Deno.test("sharing: of three seeds one lies and one dies half way, and the file is right; only who lied is banned", async () => {
  await using network = await SharingNetwork.create(4);
  const bytes = someBytes(BYTES);
  await network.write(1, NAME, bytes);
  network.start(1);
  network.lead(1);
  const file = await network.offers(NAME);
  const liar = await network.startFake(2, file, { content: bytes, lieEvery: 5 });
  const dying = await network.startFake(3, file, { content: bytes, dieAfter: BYTES / 8 });
  await network.offers(NAME, 3);
  const { end, notices } = await network.start(4).get(NAME);
  assertEquals(end, { type: "download-done", name: NAME });
  assertEquals(await network.read(4, NAME), bytes);
  assert(liar.seeder.lies > 0, "it lied");
  assert(dying.seeder.isDead, "it died");
  // Every piece that was bad was fetched again; what was right was fetched once.
  const { downloaded = 0 } = lastStatus(notices) ?? {};
  assert(downloaded < 1.5 * BYTES, `${downloaded} bytes were fetched`);
  assertEquals(liar.seeder.connections, 1, "it is not dialled again");
});

Deno.test("sharing: who lies in one block among those of others is found, and nobody else is banned", async () => {
  await using network = await SharingNetwork.create(3);
  const bytes = someBytes(600_000);
  await network.write(1, NAME, bytes);
  network.start(1);
  network.lead(1);
  const file = await network.offers(NAME);
  const liar = await network.startFake(2, file, { content: bytes, lieEvery: 2 });
  await network.offers(NAME, 2);
  const { end } = await network.start(3).get(NAME);
  assertEquals(end.type, "download-done");
  assertEquals(await network.read(3, NAME), bytes);
  assert(liar.seeder.connections <= 1);
});

Deno.test("sharing: two that fetch at once also fetch from each other", async () => {
  await using network = await SharingNetwork.create(3);
  const bytes = someBytes(8_000_000);
  await network.write(1, NAME, bytes);
  // So slow a seed that each of the two gets half of it in the time in which both could get all.
  network.start(1, { maxUpload: 3_000_000 });
  network.start(2);
  network.start(3);
  network.lead(1);
  await network.offers(NAME);
  const outcomes = await Promise.all([2, 3].map((id) => nodeOf(network, id).get(NAME)));
  for (const [index, { end, notices }] of outcomes.entries()) {
    assertEquals(end.type, "download-done");
    assertEquals(await network.read(index + 2, NAME), bytes);
    const { uploaded = 0 } = lastStatus(notices) ?? {};
    assert(uploaded > 500_000, `${uploaded} bytes were given to the other`);
  }
});

Deno.test("sharing: a process that is killed goes on with the pieces that it lacks", async () => {
  await using network = await SharingNetwork.create(2);
  const bytes = someBytes(12_000_000);
  await network.write(1, NAME, bytes);
  network.start(1);
  network.lead(1);
  await network.offers(NAME);
  // Both nodes' HTTP ports are where the command expects them: 2000 above.
  const nodes = network.nodes.map(({ id, http }) => `${id}=127.0.0.1:${http.port - 2000}`).join(",");
  const args = ["run", "-q", "-A", `${root}tasks/peer.ts`, "2", "get", NAME, "--json", "--nodes", nodes];
  const options = ["--dir", network.directory(2)];
  const fetched = (line: string): number => JSON.parse(line).bytes ?? 0;
  let had = 0;
  {
    await using first = startProcess(Deno.execPath(), [...args, ...options, "--down", "3M"]);
    while (had < 2_000_000) had = fetched(await first.line("download-progress"));
    first.kill("SIGKILL");
    assert(
      !await exists(`${network.directory(2)}/${NAME}`),
      "nothing stands under its name before it is whole",
    );
  }
  await using second = startProcess(Deno.execPath(), [...args, ...options, "--down", "30M"]);
  const { code, stdout, stderr } = await second.ended();
  assertEquals(code, 0, stderr);
  assertEquals(await network.read(2, NAME), bytes);
  const last = stdout.trim().split("\n").filter((line) => line.includes("download-progress")).at(-1) ?? "{}";
  const { downloadedBytes } = JSON.parse(last);
  assert(
    downloadedBytes <= bytes.length - had,
    `${downloadedBytes} bytes were fetched again, ${had} were there`,
  );
});

Deno.test("sharing: a file that changes while it is fetched is fetched as it is then", async () => {
  await using network = await SharingNetwork.create(2);
  const [before, after] = [someBytes(6_000_000, 1), someBytes(5_000_000, 2)];
  await network.write(1, NAME, before);
  network.start(1, { maxUpload: 2_000_000 });
  network.lead(1);
  await network.offers(NAME);
  let isChanged = false;
  const { end, notices } = await network.start(2).get(NAME, (notice) => {
    if (isChanged || notice.type !== "download-progress" || notice.status.haveBytes < 1_000_000) return;
    isChanged = true;
    Deno.writeFileSync(`${network.directory(1)}/${NAME}`, after);
  });
  assertEquals(end, { type: "download-done", name: NAME });
  assertEquals(await network.read(2, NAME), after);
  assert(notices.some((notice) => notice.type === "download-note" && notice.text.includes("was changed")));
});

Deno.test("sharing: of two files of one name, the one that only a liar has is given up for the other", async () => {
  await using network = await SharingNetwork.create(3);
  const right = someBytes(300_000, 1);
  await network.write(1, NAME, someBytes(300_000, 2));
  await network.write(2, NAME, right);
  network.start(1, {}, (world) => lying(world, 1));
  network.start(2);
  network.lead(1);
  await until(
    async () => (await network.files()).filter(({ name }) => name === NAME).length === 2,
    "both being listed",
  );
  const { end, notices } = await network.start(3).get(NAME);
  assertEquals(end, { type: "download-done", name: NAME });
  assertEquals(await network.read(3, NAME), right);
  assert(notices.some((notice) => notice.type === "download-note" && notice.text.startsWith("Nobody gives")));
});

Deno.test("sharing: the leader dies during a download, and the next one is the tracker", async () => {
  await using network = await SharingNetwork.create(4);
  const bytes = someBytes(6_000_000);
  for (const id of [1, 2]) await network.write(id, NAME, bytes);
  for (const id of [1, 2, 3]) network.start(id, { maxUpload: 1_500_000 });
  network.lead(1);
  await network.offers(NAME, 2);
  let next: Promise<void> | undefined;
  const fetching = network.start(4).get(NAME, (notice) => {
    if (next !== undefined || notice.type !== "download-progress" || notice.status.haveBytes < 500_000) {
      return;
    }
    next = network.stop(1).then(() => network.lead(2));
  });
  const { end } = await fetching;
  await next;
  assertEquals(end, { type: "download-done", name: NAME });
  assertEquals(await network.read(4, NAME), bytes);
  // The new leader knows who has what, and takes announces.
  await network.offers(NAME, 2);
  const answer = await fetch(network.url(3, "/announce?info_hash=x"));
  assertEquals(answer.url, network.url(2, "/announce?info_hash=x"));
  assertMatch(await answer.text(), /failure reason/);
});

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

Deno.test("sharing: what is limited to so many bytes a second takes its time", async () => {
  await using network = await SharingNetwork.create(2);
  await network.write(1, NAME, someBytes(2_000_000));
  network.start(1);
  network.lead(1);
  await network.offers(NAME);
  const node = network.start(2, { maxDownload: 1_000_000 });
  const before = performance.now();
  assertEquals((await node.get(NAME)).end.type, "download-done");
  // At least: a machine that is busy takes longer, none takes less.
  assert(performance.now() - before > 1500, "two seconds, less what may come at once");
});

Deno.test("sharing: of two processes that fetch the same into one folder one is told so, and the other goes on", async () => {
  await using network = await SharingNetwork.create(2);
  const bytes = someBytes(4_000_000);
  await network.write(1, NAME, bytes);
  network.start(1, { maxUpload: 1_000_000 });
  network.lead(1);
  await network.offers(NAME);
  const nodes = network.nodes.map(({ id, http }) => `${id}=127.0.0.1:${http.port - 2000}`).join(",");
  const args = ["run", "-q", "-A", `${root}tasks/peer.ts`, "2", "get", NAME, "--json", "--nodes", nodes];
  const command = [...args, "--dir", network.directory(2)];
  await using first = startProcess(Deno.execPath(), command);
  await first.line("fetching");
  await using second = startProcess(Deno.execPath(), command);
  const refused = await second.ended();
  assertEquals(refused.code, 1);
  assertMatch(refused.stderr, /another process is fetching it/);
  assertEquals((await first.ended()).code, 0);
  assertEquals(await network.read(2, NAME), bytes);
  assertEquals([...Deno.readDirSync(`${network.directory(2)}/.parts`)], [], "nothing is left of the parts");
});

Deno.test("sharing: what is fetched by a name has that name, though the torrent of these bytes has another", async () => {
  await using network = await SharingNetwork.create(3);
  const bytes = someBytes(600_000);
  await network.write(1, "a.bin", bytes);
  await network.write(1, "b.bin", bytes);
  network.start(1);
  network.lead(1);
  await network.offers("b.bin");
  const { end } = await network.start(2).get("b.bin");
  assertEquals(end, { type: "download-done", name: "b.bin" });
  assertEquals(await network.read(2, "b.bin"), bytes);
  // From both, whatever they call it.
  const { infoHash } = await network.offers("b.bin", 2);
  assertEquals(infoHash, (await network.offers("a.bin", 2)).infoHash);
  const third = await network.start(3).get("a.bin");
  assertEquals(third.end, { type: "download-done", name: "a.bin" });
  assertEquals(await network.read(3, "a.bin"), bytes);
});

Deno.test("sharing: a file of the name that is there is not replaced", async () => {
  await using network = await startNetwork(2);
  await network.write(1, NAME, someBytes(1000));
  await network.write(2, NAME, someBytes(1000, 2));
  await until(async () => (await network.files()).length === 2, "both contents being listed");
  const { end } = await nodeOf(network, 2).get(NAME);
  assertEquals(end, {
    type: "download-failed",
    reason: `Cannot fetch ${NAME}: a file of that name is there`,
  });
  assertEquals(await network.read(2, NAME), someBytes(1000, 2));
});
