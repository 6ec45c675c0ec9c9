import { assert, assertEquals } from "@std/assert";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { deadline, tempDirectory, TestClient, until } from "../_helpers.ts";
import { FOREIGN, open, Provider } from "./_web_clients.ts";
import { Raw } from "./_raw_client.ts";

Deno.test(
  "editor: an update is acknowledged once it is durable, to who asks for it alone",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await using door = await open(directory);
    const asks = await Raw.open(`${door.url}?acks`);
    const other = await Raw.open(`${door.url}/room`);
    const doc = new Y.Doc();
    doc.getText("content").insert(0, "hello");
    asks.send({ type: "update", update: Y.encodeStateAsUpdate(doc) });
    await until(() => asks.got.some(({ type }) => type === "saved"), "the acknowledgement");
    await until(() => other.got.some(({ type }) => type === "update"), "the update");
    assertEquals(asks.got.filter(({ type }) => type === "saved"), [{ type: "saved", updates: 1 }]);
    assert(!other.got.some(({ type }) => type === "saved"));
    await Promise.all([asks.end(), other.end()]);
  },
);

Deno.test(
  "editor: what is no update of the text closes its sender with a reason, and the document is as it was",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await using door = await open(directory, "--max-document-bytes", "1000");
    using browser = await Provider.open(door.url);
    browser.text.insert(0, "as it was");
    const doc = new Y.Doc();
    doc.getText("content").insert(0, "0123456789");
    const good = Y.encodeStateAsUpdate(doc);
    const other = new Y.Doc();
    other.getMap("elsewhere").set("a", 1);
    const embed = new Y.Doc();
    embed.getText("content").insertEmbed(0, { image: "x" });
    const long = new Y.Doc();
    long.getText("content").insert(0, "x".repeat(1001));
    const bad: [number, Uint8Array][] = [
      ...Array.from(
        { length: good.length - 1 },
        (_, end): [number, Uint8Array] => [1008, good.subarray(0, end)],
      ),
      [1008, Y.encodeStateAsUpdate(other)],
      [1008, Y.encodeStateAsUpdate(embed)],
      [1009, Y.encodeStateAsUpdate(long)],
      [1009, new Uint8Array(1_100_000)],
    ];
    await Promise.all(bad.map(async ([code, update], index) => {
      const raw = await Raw.open(door.url);
      raw.send({ type: "update", update });
      const closed = await deadline(raw.closed);
      assertEquals(closed.code, code, `${index}: ${closed.reason}`);
      assert(closed.reason !== "");
    }));
    const text = new Raw(door.url);
    text.ws.onopen = () => text.ws.send("a text");
    assertEquals((await deadline(text.closed)).code, 1003);
    assertEquals(await (await fetch(`http://127.0.0.1:${door.web}/document`)).text(), "as it was");
    browser.text.insert(9, ".");
    await until(
      async () => await (await fetch(`http://127.0.0.1:${door.web}/document`)).text() === "as it was.",
      "the next edit",
    );
  },
);

Deno.test(
  "editor: an update that refers to what was never sent waits, is applied when that comes, and closes its sender when not",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await using door = await open(directory);
    const updates: Uint8Array[] = [];
    const doc = new Y.Doc();
    doc.on("update", (update: Uint8Array) => void updates.push(update));
    for (const word of ["one", " two", " three"]) {
      doc.getText("content").insert(doc.getText("content").length, word);
    }
    const [first, second, third] = updates;
    assert(first !== undefined && second !== undefined && third !== undefined);
    const a = await Raw.open(door.url);
    const b = await Raw.open(door.url);
    a.send({ type: "update", update: third });
    a.send({ type: "update", update: second });
    b.send({ type: "update", update: first });
    const text = async () => await (await fetch(`http://127.0.0.1:${door.web}/document`)).text();
    await until(async () => await text() === "one two three", "the three updates");
    // Counted in their order: while one waits, what came after it is not acknowledged.
    const asks = await Raw.open(`${door.url}?acks`);
    const late = new Y.Doc();
    late.getText("content").insert(0, "late ");
    const missing = Y.encodeStateAsUpdate(late);
    const has = Y.encodeStateVector(late);
    late.getText("content").insert(5, "- ");
    asks.send({ type: "update", update: Y.encodeStateAsUpdate(late, has) });
    const other = new Y.Doc();
    other.getText("content").insert(0, "at once ");
    asks.send({ type: "update", update: Y.encodeStateAsUpdate(other) });
    await until(async () => (await text()).includes("at once "), "the later update");
    assert(!asks.got.some(({ type }) => type === "saved"));
    b.send({ type: "update", update: missing });
    await until(() => asks.got.some(({ type }) => type === "saved"), "the acknowledgement");
    assertEquals(asks.got.filter(({ type }) => type === "saved"), [{ type: "saved", updates: 2 }]);
    await asks.end();
    const whole = await text();
    const never = new Y.Doc();
    never.getText("content").insert(0, "x");
    const before = Y.encodeStateVector(never);
    never.getText("content").insert(1, "y");
    b.send({ type: "update", update: Y.encodeStateAsUpdate(never, before) });
    const { code, reason } = await deadline(b.closed);
    assertEquals([code, reason], [1008, "an update refers to what was never sent"]);
    assertEquals(await text(), whole);
    await a.end();
  },
);

Deno.test(
  "editor: tokens say who may edit and who may read, and a read-only client changes nothing",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await Deno.writeTextFile(directory.file("temp.txt"), "mine\n");
    await using door = await open(directory, "--token", "write", "--read-token", "read");
    const status = async (query: string) => {
      const response = await fetch(`http://127.0.0.1:${door.web}/document${query}`);
      await response.body?.cancel();
      return response.status;
    };
    assertEquals([await status(""), await status("?token=no"), await status("?token=read")], [401, 401, 200]);
    const stranger = new Raw(`${door.url}?token=x`);
    await deadline(stranger.closed);
    using reader = new Provider(door.url, { token: "read" });
    using writer = new Provider(door.url, { token: "write" });
    await Promise.all([reader.synced(), writer.synced()]);
    reader.text.insert(0, "not ");
    writer.text.insert(5, "yours\n");
    await until(() => reader.value.includes("yours"), "the writer's edit");
    assertEquals(writer.value, "mine\nyours\n");
    const post = await fetch(`http://127.0.0.1:${door.web}/versions?token=read`, {
      method: "POST",
      body: '{"name":"x"}',
    });
    assertEquals(post.status, 403);
    await post.body?.cancel();
  },
);

Deno.test(
  "editor: versions are kept under names, with who has edited, and can be read again",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await using door = await open(directory);
    using ann = await Provider.open(door.url);
    ann.provider.awareness.setLocalStateField("user", { name: "Ann" });
    ann.text.insert(0, "draft\n");
    const base = `http://127.0.0.1:${door.web}`;
    await until(async () => await (await fetch(`${base}/document`)).text() === "draft\n", "the edit");
    const keep = async (name: string) =>
      (await fetch(`${base}/versions`, { method: "POST", body: JSON.stringify({ name, by: "Bob" }) })).json();
    assertEquals((await keep("first")).by, ["Ann", "Bob"]);
    ann.text.delete(0, 5);
    ann.text.insert(0, "final");
    await until(async () => await (await fetch(`${base}/document`)).text() === "final\n", "the edit");
    await keep("second");
    const versions = await (await fetch(`${base}/versions`)).json();
    assertEquals(versions.map(({ id, name }: { id: number; name: string }) => [id, name]), [[1, "first"], [
      2,
      "second",
    ]]);
    const texts = await Promise.all(
      [1, 2, 3].map(async (id) => (await fetch(`${base}/version/${id}`)).text()),
    );
    assertEquals(texts, ["draft\n", "final\n", "There is no such version.\n"]);
  },
);

Deno.test(
  "editor: in a folder each file is a document of its own, and no name leads out of it",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await Deno.mkdir(directory.file("docs"));
    await Deno.writeTextFile(directory.file("docs/one.txt"), "the first\n");
    await Deno.writeTextFile(directory.file("secret.txt"), "no\n");
    await using door = await open(directory, "--folder", "docs");
    const base = `http://127.0.0.1:${door.web}`;
    const get = async (path: string) => (await fetch(base + path)).text();
    assertEquals(await get("/documents"), '["one"]');
    assertEquals(await get("/document/one"), "the first\n");
    for (const name of ["..%2fsecret", ".one", "a%00b"]) {
      const response = await fetch(`${base}/document/${name}`);
      await response.body?.cancel();
      assert(response.status >= 400, name);
    }
    const doc = new Y.Doc();
    const provider = new WebsocketProvider(door.url, "zwei", doc, { disableBc: true });
    await until(() => provider.synced, "the new document");
    doc.getText("content").insert(0, "the second");
    await until(async () => {
      try {
        return await Deno.readTextFile(directory.file("docs/zwei.txt")) === "the second";
      } catch {
        return false;
      }
    }, "the new file");
    assertEquals(await get("/documents"), '["one","zwei"]');
    provider.destroy();
    doc.destroy();
  },
);

Deno.test("editor: the line door's file is a document of the folder, however the two paths are written", async () => {
  await using directory = await tempDirectory();
  await Deno.mkdir(directory.file("docs"));
  await Deno.writeTextFile(directory.file("docs/one.txt"), "the first\n");
  await using door = await open(directory, "--folder", "./docs/", "--file", "docs/../docs/one.txt");
  using writer = await TestClient.connect(door.port);
  assertEquals(await writer.line(), "the first");
  await writer.send("second\n");
  const text = async () => (await fetch(`http://127.0.0.1:${door.web}/document/one`)).text();
  await until(async () => await text() === "the first\nsecond\n", "the line in the folder's document");
});
