import { assertEquals, assertNotEquals } from "@std/assert";
import { tempDirectory, TestClient, until } from "../_helpers.ts";
import { startEditor } from "./_play.ts";
import { fifo } from "../store/_special_files.ts";
import { type Door, FOREIGN, open, Provider } from "./_web_clients.ts";

const get = async ({ web }: Door, etag = ""): Promise<Response> =>
  await fetch(`http://127.0.0.1:${web}/document`, { headers: { "if-none-match": etag } });
const textOf = async (door: Door) => await (await get(door)).text();
const fileToHold = (path: string, text: string) =>
  until(async () => await Deno.readTextFile(path) === text, "the file to hold the text");

Deno.test(
  "editor: who saves a file that differs in each line has edited the document, and nothing is doubled",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await using door = await open(directory);
    const path = directory.file("temp.txt");
    using browser = await Provider.open(door.url);
    let text = "hello world\nsecond line\n";
    browser.text.insert(0, text);
    await fileToHold(path, text);
    for (
      const file of [text.toUpperCase(), "new\n", "  line\n".repeat(1000), "    line\n".repeat(1000), "end\n"]
    ) {
      await Deno.writeTextFile(`${path}.new`, file);
      await Deno.rename(`${path}.new`, path);
      await until(() => browser.value !== text, "the edit");
      assertEquals(browser.value, file);
      text = file;
    }
    await fileToHold(path, text);
  },
);

Deno.test(
  "editor: a file that is saved as no UTF-8, or too long, is left as it is, which is said once, until it is mended",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await using door = await open(directory, "--max-document-bytes", "1000");
    const path = directory.file("temp.txt");
    using browser = await Provider.open(door.url);
    let text = "alpha\nbeta\ngamma\n";
    browser.text.insert(0, text);
    await fileToHold(path, text);
    const refused: [string, Uint8Array<ArrayBuffer>][] = [
      ["not UTF-8", Uint8Array.from("alpha\ngr\xfc\xdfe\ngamma\n", (unit) => unit.charCodeAt(0))],
      ["longer than 1000 bytes", new TextEncoder().encode(text.repeat(100))],
    ];
    for (const [why, bytes] of refused) {
      await Deno.writeFile(path, bytes);
      await door.server.errorLine(why);
      browser.text.insert(0, "typed meanwhile\n");
      text = browser.value;
      await until(async () => await textOf(door) === text, "the edit");
      // Longer than it takes to write an edit into the file, and to look at the file again.
      await new Promise((resolve) => setTimeout(resolve, 1300));
      assertEquals(await Deno.readFile(path), bytes);
      assertEquals(door.server.stderr.split(why).length, 2, door.server.stderr);
      const mended = text.replace("typed meanwhile\n", "").replace("beta", "mended\nbeta");
      await Deno.writeTextFile(path, mended);
      text = text.replace("beta", "mended\nbeta");
      await fileToHold(path, text);
      await until(() => browser.value === text, "the browser to have it");
    }
  },
);

Deno.test(
  "editor: a line for which a document has no room is refused to its sender alone, and the next one that fits goes through",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await using door = await open(directory, "--max-document-bytes", "1000");
    using browser = await Provider.open(door.url);
    using writer = await TestClient.connect(door.port);
    const long = "é".repeat(450);
    await writer.send(`${long}\n`);
    await until(() => browser.value === `${long}\n`, "the line");
    await writer.send(`${"é".repeat(60)}\n`);
    assertEquals(
      await writer.line(),
      "Error: Cannot save the update: the document would be longer than 1000 bytes",
    );
    await writer.send("fits\n");
    await until(() => browser.value === `${long}\nfits\n`, "the next line");
  },
);

Deno.test(
  "editor: after kill -9 the file holds all that was durable also where the web door stays closed",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    let text = "";
    {
      await using door = await open(directory);
      using browser = await Provider.open(door.url);
      for (let line = 0; line < 20; line++) browser.text.insert(0, `line ${line}\n`);
      text = browser.value;
      await until(async () => await textOf(door) === text, "the edits");
      // The file is written a tenth of a second after an edit.
      door.server.kill("SIGKILL");
      await door.server.ended();
    }
    await using play = await startEditor(directory, "--web-port", "off");
    assertEquals(await Deno.readTextFile(directory.file("temp.txt")), text);
    using client = await TestClient.connect(play.port);
    assertEquals(await client.line(), "line 19");
  },
);

Deno.test("editor: GET /document is what the file holds now, and its ETag another one, while nobody edits", async () => {
  await using directory = await tempDirectory();
  const path = directory.file("temp.txt");
  await Deno.writeTextFile(path, "old\n");
  await using door = await open(directory);
  const first = await get(door);
  assertEquals([first.status, await first.text()], [200, "old\n"]);
  const etags = [first.headers.get("etag") ?? ""];
  const same = await get(door, etags[0]);
  await same.body?.cancel();
  assertEquals(same.status, 304);
  const edits: [string, (text: string) => Promise<void>][] = [
    ["new\n", async (text) => {
      await Deno.writeTextFile(`${path}.new`, text);
      await Deno.rename(`${path}.new`, path);
    }],
    ["NEW\n", async (text) => {
      await Deno.writeTextFile(path, text);
      // Later than before, also where the file system counts in large steps.
      await Deno.utime(path, new Date(), new Date(Date.now() + 5000));
    }],
    ["NEW\nlonger\n", (text) => Deno.writeTextFile(path, text)],
  ];
  for (const [text, edit] of edits) {
    await edit(text);
    const response = await get(door, etags.at(-1));
    assertEquals([response.status, await response.text()], [200, text]);
    const etag = response.headers.get("etag") ?? "";
    assertNotEquals(etag, etags.at(-1));
    etags.push(etag);
  }
});

Deno.test(
  "editor: a FIFO that is made in the folder, or in the file's place, stops neither edits nor the server's end",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    const door = await open(directory);
    await using server = door;
    using browser = await Provider.open(door.url);
    using other = await Provider.open(door.url);
    browser.text.insert(0, "before\n");
    await until(() => other.value === "before\n", "the edit");
    await fifo(directory.file("unrelated"));
    browser.text.insert(0, "beside\n");
    await until(
      async () => await Deno.readTextFile(directory.file("temp.txt")) === "beside\nbefore\n",
      "the file to hold the edit",
    );
    await Deno.rename(directory.file("temp.txt"), directory.file("moved.txt"));
    await fifo(directory.file("temp.txt"));
    browser.text.insert(0, "after\n");
    await until(() => other.value === "after\nbeside\nbefore\n", "the edit with a FIFO in the file's place");
    // Said once.
    await server.server.errorLine("no regular file; it is left as it is");
    browser.text.insert(0, "again\n");
    await until(() => other.value.startsWith("again\n"), "one more edit");
    assertEquals(server.server.stderr.split("it is left as it is").length, 2);
    server.server.kill("SIGTERM");
    await server.server.line("Server shut down.");
    await server.server.ended();
  },
);
