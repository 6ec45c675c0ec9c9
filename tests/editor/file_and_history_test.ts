import { assertEquals } from "@std/assert";
import { tempDirectory, TestClient, until } from "../_helpers.ts";
import { FOREIGN, open, Provider } from "./_web_clients.ts";

Deno.test(
  "editor: the history is compacted, and after kill -9 the text is what it was",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    const path = directory.file("temp.txt");
    const size = async () => (await Deno.stat(`${path}.history`)).size;
    const holds = (text: string) =>
      until(async () => await Deno.readTextFile(path) === text, "the file to hold the text");
    const door = await open(directory);
    await using _first = door;
    // It stays open over the restart: what the history had not kept of its edits would come twice.
    using browser = await Provider.open(door.url);
    browser.text.insert(0, "stays\n");
    for (let round = 0; round < 8; round++) {
      browser.text.insert(6, String(round).repeat(200_000));
      await until(async () => (await Deno.stat(path)).size > 200_000, "the long text");
      browser.text.delete(6, 200_000);
      await holds("stays\n");
    }
    // 1.6 MB were written.
    browser.text.insert(6, "the end\n");
    await holds("stays\nthe end\n");
    await until(async () => await size() < 1_200_000, "the history to be compacted");
    door.server.kill("SIGKILL");
    await door.server.ended();
    await using again = await open(directory, "--at", String(door.web));
    using late = await Provider.open(again.url);
    await until(() => browser.provider.wsconnected && browser.provider.synced, "the tab to be back");
    late.text.insert(0, "first\n");
    await until(() => browser.value.startsWith("first\n"), "the edit to reach the tab");
    for (const { value } of [late, browser]) assertEquals(value, "first\nstays\nthe end\n");
  },
);

Deno.test(
  "editor: a history that is removed or emptied while a tab edits doubles nothing after kill -9, when the tab is back",
  FOREIGN,
  async () => {
    for (const takeAway of [Deno.remove, (path: string) => Deno.truncate(path)]) {
      await using directory = await tempDirectory();
      const path = directory.file("temp.txt");
      const holds = (text: string) =>
        until(async () => await Deno.readTextFile(path) === text, "the file to hold the text");
      const door = await open(directory);
      await using _first = door;
      using tab = await Provider.open(door.url);
      tab.text.insert(0, "before\n");
      await holds("before\n");
      await takeAway(`${path}.history`);
      tab.text.insert(7, "one\n");
      await holds("before\none\n");
      tab.text.insert(11, "two\n");
      await holds("before\none\ntwo\n");
      door.server.kill("SIGKILL");
      await door.server.ended();
      await using again = await open(directory, "--at", String(door.web));
      await until(() => tab.provider.wsconnected && tab.provider.synced, "the tab to be back");
      using late = await Provider.open(again.url);
      late.text.insert(late.text.length, "three\n");
      await until(() => tab.value.endsWith("three\n"), "the edit to reach the tab");
      const whole = "before\none\ntwo\nthree\n";
      for (const { value } of [tab, late]) assertEquals(value, whole);
      await holds(whole);
    }
  },
);

Deno.test(
  "editor: an edit of the file in place while nobody is at the web door is told to line clients as what it is",
  async () => {
    await using directory = await tempDirectory();
    const path = directory.file("temp.txt");
    await Deno.writeTextFile(path, "alpha\nbeta\ngamma\n");
    await using door = await open(directory);
    using early = await TestClient.connect(door.port);
    using writer = await TestClient.connect(door.port);
    for (const client of [early, writer]) {
      assertEquals([await client.line(), await client.line(), await client.line()], [
        "alpha",
        "beta",
        "gamma",
      ]);
    }
    await Deno.writeTextFile(path, "new\nalpha\nBETA\ngamma\n");
    await writer.send("\n");
    assertEquals([await early.line(), await early.line(), await early.line()], ["new", "BETA", ""]);
    assertEquals([await writer.line(), await writer.line()], ["new", "BETA"]);
    // Shorter, and with no line end.
    await Deno.writeTextFile(path, "alpha\nBETA!");
    await writer.send("last\n");
    // It may be half of a save: what it changed is told once it has had its time.
    assertEquals([await early.line(), await early.line()], ["last", "BETA!"]);
    assertEquals(await Deno.readTextFile(path), "alpha\nBETA!\nlast\n");
    using late = await TestClient.connect(door.port);
    assertEquals([await late.line(), await late.line(), await late.line()], ["alpha", "BETA!", "last"]);
    await early.send("again\n");
    assertEquals([await writer.line(), await writer.line()], ["BETA!", "again"]);
  },
);
