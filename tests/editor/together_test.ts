import { assert, assertEquals } from "@std/assert";
import { available, startProcess, tempDirectory, TestClient, until } from "../_helpers.ts";
import { FOREIGN, open, Provider } from "./_web_clients.ts";
import { Raw } from "./_raw_client.ts";

async function same(clients: readonly Provider[], isWhole: (text: string) => boolean): Promise<string> {
  const [first] = clients;
  assert(first !== undefined);
  await until(
    () => isWhole(first.value) && clients.every(({ value }) => value === first.value),
    "all to be the same",
  );
  return first.value;
}

Deno.test(
  "editor: eight foreign providers insert 200 times each, and all, the file and GET /document are the same",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await using door = await open(directory);
    const clients = await Promise.all(Array.from({ length: 8 }, () => Provider.open(door.url)));
    let seed = 7;
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 200; round++) {
      for (const [index, { text }] of clients.entries()) {
        text.insert(
          random(text.length + 1),
          String.fromCharCode(97 + index) + (random(30) === 0 ? "\n" : ""),
        );
      }
      if (round % 20 === 0) await new Promise((resolve) => setTimeout(resolve));
    }
    const text = await same(clients, (value) => value.replaceAll("\n", "").length === 1600);
    assertEquals(await (await fetch(`http://127.0.0.1:${door.web}/document`)).text(), text);
    await until(
      async () => await Deno.readTextFile(directory.file("temp.txt")) === text,
      "the file to hold the text",
    );
    for (const client of clients) client[Symbol.dispose]();
  },
);

Deno.test(
  "editor: what was typed while away is merged, and what was durable is there after kill -9",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    const door = await open(directory);
    const port = door.web;
    using ann = await Provider.open(door.url);
    using bob = await Provider.open(door.url);
    ann.text.insert(0, "one\n");
    await same([ann, bob], (value) => value === "one\n");
    bob.provider.disconnect();
    bob.text.insert(0, "zero\n");
    ann.text.insert(ann.text.length, "two\n");
    await until(
      async () => await (await fetch(`http://127.0.0.1:${port}/document`)).text() === "one\ntwo\n",
      "the edit",
    );
    door.server.kill("SIGKILL");
    await door.server.ended();
    ann.text.insert(ann.text.length, "three\n");
    await using again = await open(directory, "--at", String(port));
    bob.provider.connect();
    const text = await same([ann, bob], (value) => value.length === 19);
    assertEquals(text, "zero\none\ntwo\nthree\n");
    assertEquals(again.web, port);
    await until(
      async () => await Deno.readTextFile(directory.file("temp.txt")) === text,
      "the file to hold the text",
    );
  },
);

Deno.test(
  "editor: line clients beside browsers see each line once, edits after a pause, and browsers see their lines",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await Deno.writeTextFile(directory.file("temp.txt"), "first\nsecond\n");
    await using door = await open(directory);
    using early = await TestClient.connect(door.port);
    assertEquals([await early.line(), await early.line()], ["first", "second"]);
    using browser = await Provider.open(door.url);
    assertEquals(browser.value, "first\nsecond\n");
    using other = await TestClient.connect(door.port);
    assertEquals([await other.line(), await other.line()], ["first", "second"]);
    await other.send("a line\n");
    assertEquals(await early.line(), "a line");
    await until(() => browser.value === "first\nsecond\na line\n", "the line");
    browser.text.insert(5, "!");
    browser.text.insert(0, "new\n");
    assertEquals([await early.line(), await early.line()], ["new", "first!"]);
    assertEquals([await other.line(), await other.line()], ["new", "first!"]);
    browser.text.delete(0, 4);
    await early.send("another\n");
    assertEquals(await other.line(), "another");
    await until(() => browser.value === "first!\nsecond\na line\nanother\n", "the line and the edit");
  },
);

Deno.test(
  "editor: who saves the file edits the document, and nothing that was typed meanwhile is lost or doubled",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await using door = await open(directory);
    const path = directory.file("temp.txt");
    using browser = await Provider.open(door.url);
    browser.text.insert(0, "alpha\nbeta\ngamma\n");
    const holds = (text: string) =>
      until(async () => await Deno.readTextFile(path) === text, `the file to hold ${text}`);
    await holds("alpha\nbeta\ngamma\n");
    // In place.
    await Deno.writeTextFile(path, "alpha\nBETA\ngamma\n");
    await until(() => browser.value === "alpha\nBETA\ngamma\n", "the edit in place");
    // By rename, of a text that was read before somebody else typed.
    const read = await Deno.readTextFile(path);
    browser.text.insert(0, "typed\n");
    await holds("typed\nalpha\nBETA\ngamma\n");
    await Deno.writeTextFile(`${path}.new`, read.replace("gamma", "GAMMA"));
    await Deno.rename(`${path}.new`, path);
    await until(() => browser.value === "typed\nalpha\nBETA\nGAMMA\n", "the edit by rename");
    await holds("typed\nalpha\nBETA\nGAMMA\n");
    browser.text.insert(browser.text.length, "end\n");
    await holds("typed\nalpha\nBETA\nGAMMA\nend\n");
  },
);

const programs: readonly [string, (path: string) => string[]][] = [
  ["sed", (path) => ["-i", "s/two/TWO/", path]],
  ["vim", (path) => ["-es", "-u", "NONE", "-c", "%s/three/THREE/", "-c", "wq", path]],
];
for (const [program, args] of programs) {
  Deno.test({
    name: `editor: ${program} on the file is an edit`,
    ignore: !await available(program),
    ...FOREIGN,
    async fn() {
      await using directory = await tempDirectory();
      await using door = await open(directory);
      using browser = await Provider.open(door.url);
      browser.text.insert(0, "one\ntwo\nthree\n");
      const path = directory.file("temp.txt");
      await until(async () => (await Deno.readTextFile(path)).length === 14, "the file to hold the text");
      await using process = startProcess(program, args(path));
      await process.ended();
      await until(() => /TWO|THREE/.test(browser.value), "the edit");
      assertEquals(browser.value.toLowerCase(), "one\ntwo\nthree\n");
    },
  });
}

Deno.test("editor: who asks who is there is answered, also where it is alone", FOREIGN, async () => {
  await using directory = await tempDirectory();
  await using door = await open(directory);
  const raw = await Raw.open(door.url);
  raw.send({ type: "query-awareness" });
  await until(() => raw.got.some(({ type }) => type === "awareness"), "the answer");
  assertEquals(raw.got.filter(({ type }) => type === "awareness"), [{ type: "awareness", entries: [] }]);
  await raw.end();
});

Deno.test(
  "editor: who says who it is and is alone hears that, and so knows that it is connected",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await using door = await open(directory);
    const raw = await Raw.open(door.url);
    const answers = () => raw.got.filter(({ type }) => type === "awareness");
    for (const clock of [1, 2]) {
      raw.send({ type: "awareness", entries: [{ clientId: 7, clock, state: "{}" }] });
      await until(() => answers().length === clock, "the answer");
    }
    assertEquals(answers(), [{ type: "awareness", entries: [] }, { type: "awareness", entries: [] }]);
    await raw.end();
  },
);
