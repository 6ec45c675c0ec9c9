/**
 * Everybody at one document at once, each with what they have: providers on Node and Deno, line clients by
 * name, and programs that write the file.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { installPeers } from "../_peers.ts";
import { available, startProcess, tempDirectory, until } from "../_helpers.ts";
import { startPython } from "./_play.ts";
import { FOREIGN, open, Provider } from "./_web_clients.ts";

const peers = await available("node", "--version") ? await installPeers() : undefined;

Deno.test({
  name:
    "editor: eight providers of y-websocket on Node insert 200 times each, and all have the same as one on Deno",
  // Without Node, or where npm cannot be reached.
  ignore: peers === undefined,
  ...FOREIGN,
  async fn() {
    await using directory = await tempDirectory();
    await using door = await open(directory);
    using ours = await Provider.open(door.url);
    const script = new URL("_node_providers.cjs", import.meta.url).pathname;
    await using node = startProcess("node", [script, peers ?? "", door.url, "8", "200"]);
    const { code, stdout, stderr } = await node.ended();
    assertEquals(code, 0, stderr);
    const text: string = JSON.parse(stdout);
    assertEquals(text.length, 1600);
    await until(() => ours.value === text, "the provider on Deno to have it");
    await until(
      async () => await Deno.readTextFile(directory.file("temp.txt")) === text,
      "the file to hold it",
    );
  },
});

Deno.test("editor: 200 providers type at once, and all end with all of it", FOREIGN, async () => {
  await using directory = await tempDirectory();
  await using door = await open(directory);
  const clients = await Promise.all(Array.from({ length: 200 }, () => Provider.open(door.url)));
  for (const [index, { text }] of clients.entries()) text.insert(text.length, `<${index}>\n`);
  const isWhole = ({ value }: Provider) => value.split("\n").length === 201;
  await until(() => clients.every(isWhole), "all to have all of it");
  const [first] = clients;
  assert(clients.every(({ value }) => value === first?.value));
  for (let index = 0; index < 200; index++) assertEquals(first?.value.split(`<${index}>\n`).length, 2);
  for (const client of clients) client[Symbol.dispose]();
});

Deno.test({
  name: "editor: nc and the old Python client write beside a browser, and each sees what the others do",
  ignore: !await available("nc", "-h") || !await available("python3", "--version"),
  ...FOREIGN,
  async fn() {
    await using directory = await tempDirectory();
    await using door = await open(directory);
    using browser = await Provider.open(door.url);
    await using nc = startProcess("nc", ["127.0.0.1", String(door.port)]);
    await using old = startPython("_old_client.py", String(door.port));
    await old.line("Connected");
    await until(() => door.server.stdout.split("New client connected").length > 3, "both to be there");
    await nc.type("from nc");
    await old.line("from nc");
    await old.type("from Python");
    await nc.line("from Python");
    await until(() => browser.value === "from nc\nfrom Python\n", "both lines");
    browser.text.insert(0, "from a browser\n");
    await Promise.all([nc.line("from a browser"), old.line("from a browser")]);
    assertEquals(browser.value, "from a browser\nfrom nc\nfrom Python\n");
  },
});

Deno.test({
  name:
    "editor: cp over the file, sed and writers in place edit it while somebody types, and nothing is lost or doubled",
  ignore: !await available("cp", "--version") || !await available("sed", "--version"),
  ...FOREIGN,
  async fn() {
    await using directory = await tempDirectory();
    await using door = await open(directory);
    using browser = await Provider.open(door.url);
    const path = directory.file("temp.txt");
    const lines = Array.from({ length: 40 }, (_, i) => `line ${i}`);
    browser.text.insert(0, `${lines.join("\n")}\n`);
    const holds = (what: () => boolean, text: string) =>
      until(async () => what() && await Deno.readTextFile(path) === browser.value, text);
    await holds(() => true, "the file to hold the text");
    // Who saves in the very moment in which the file is replaced is overwritten, sees it, and saves again.
    const saved = async (text: string, save: () => Promise<void>) => {
      const isThere = () => browser.value.includes(text);
      for (let tries = 0; tries < 5 && !isThere(); tries++) {
        await save();
        await until(isThere, text, 5000).catch(() => {});
      }
      assert(isThere(), `${text} is not there`);
    };
    let typed = 0;
    const timer = setInterval(() => browser.text.insert(browser.text.length, `<${typed++}>\n`), 15);
    try {
      // A copy that was read before, changed, and put back.
      await saved("by cp\n", async () => {
        const copy = await Deno.readTextFile(path);
        await Deno.writeTextFile(directory.file("copy"), copy.replace("line 3\n", "by cp\n"));
        await using cp = startProcess("cp", [directory.file("copy"), path]);
        assertEquals((await cp.ended()).code, 0);
      });
      await saved("by sed\n", async () => {
        await using sed = startProcess("sed", ["-i", "s/^line 7$/by sed/", path]);
        assertEquals((await sed.ended()).code, 0);
      });
      // Cut first, then written, as editors do that write in place.
      await saved("in place\n", async () => {
        const now = await Deno.readTextFile(path);
        await Deno.writeTextFile(path, now.replace("line 11\n", "in place\n"));
      });
    } finally {
      clearInterval(timer);
    }
    await holds(() => true, "the file to hold all of it");
    const text = browser.value;
    for (let i = 0; i < typed; i++) assertEquals(text.split(`<${i}>\n`).length, 2, `<${i}>`);
    for (const [i, line] of lines.entries()) {
      if ([3, 7, 11].includes(i)) assert(!text.includes(`${line}\n`), line);
      else assertEquals(text.split(`${line}\n`).length, 2, line);
    }
    assertMatch(text, /by cp\n[^]*by sed\n[^]*in place\n/);
  },
});
