/// <reference lib="dom" />
/**
 * The chat's page in a real Chromium, beside a line client and an IRC client, over a `kill -9` of the server.
 * Ends with 0 and a line `ok`, or throws. `--screenshots DIR` keeps pictures.
 *
 *     deno run -A tests/interop/chat_page.ts [--screenshots DIR]
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import type { Page } from "puppeteer-core";
import { freePort, startTask, tempDirectory, TestClient, type TestProcess } from "../_helpers.ts";
import { launchBrowser, openTab, shows } from "./_browser.ts";

const { screenshots } = parseArgs(Deno.args, { string: ["screenshots"] });
const ports = { port: freePort(), webPort: freePort(), ircPort: freePort() };
const url = `http://127.0.0.1:${ports.webPort}/`;

await using directory = await tempDirectory();
await using browser = await launchBrowser();
const notes = { hosts: new Set<string>(), errors: [] as string[] };
let server: TestProcess = await startServer();
try {
  const ann = await openTab(browser, url, notes);
  await logIn(ann, "ann");
  const bob = await openTab(browser, url, notes);
  await bob.setViewport({ width: 390, height: 800 });
  await logIn(bob, "bob");
  await shows(ann, "bob has come in.");

  // One room for all doors.
  using cid = await TestClient.connect(ports.port);
  await cid.send("cid\nhello from nc\n");
  using dan = await TestClient.connect(ports.ircPort);
  await dan.send("NICK dan\r\nUSER dan 0 * :Dan\r\nJOIN #lobby\r\nPRIVMSG #lobby :hello from IRC\r\n");
  await say(ann, "hello from a page");
  for (const page of [ann, bob]) {
    for (const text of ["hello from nc", "hello from IRC", "hello from a page"]) await shows(page, text);
  }
  assertEquals(await spoken(ann), await spoken(bob));
  await cid.send("/history\n");
  let line = await cid.line();
  while (line !== "ann: hello from a page") line = await cid.line();

  // Every script; what looks like HTML is text.
  for (const text of ["größer Привет 你好 مرحبا 👩‍👩‍👧‍👦", "<b onclick=alert(1)>bold</b>"]) {
    await say(bob, text);
    await shows(ann, text);
  }
  assertEquals(await ann.$$eval("#lines b", (found) => found.length), 0);
  await picture(ann, "room");
  await picture(bob, "narrow");

  // Private messages and unread marks.
  await say(bob, "/msg ann just for you");
  await ann.waitForSelector(".unread");
  await picture(ann, "unread");
  await ann.evaluate(() => {
    const buttons = [...document.querySelectorAll<HTMLElement>("button.conversation")];
    buttons.find((button) => button.innerText.includes("bob"))?.click();
  });
  await shows(ann, "just for you");

  // A room of one's own, by the keyboard alone.
  await ann.focus("#new-room");
  await ann.keyboard.type("den");
  await ann.keyboard.press("Enter");
  await ann.waitForFunction(() => document.querySelector("h1")?.textContent === "den");
  await say(ann, "/topic our den");
  await shows(ann, "our den");

  // Another name is told in each room, and no room is entered again for it.
  await say(bob, "/nick rob");
  await shows(bob, "Connected as rob");
  await say(bob, "/nick bob");
  await shows(bob, "Connected as bob");
  await show(ann, "lobby");
  await shows(ann, "rob is now bob.");
  await show(ann, "den");
  assertEquals(await bob.$eval(".problem", (problem) => problem.textContent), "");

  // The server dies while they talk: nothing is missed, nothing is there twice.
  server.kill("SIGKILL");
  await server.ended();
  await shows(ann, "The connection is lost");
  await picture(ann, "lost");
  const away = ["said while it was away", "and a second", "and a third"];
  for (const text of away) await say(ann, text);
  server = await startServer();
  using eve = await TestClient.connect(ports.port);
  await eve.send("eve\nthey are coming back\n");
  for (const page of [ann, bob]) await shows(page, "Connected as");
  await show(ann, "den");
  await ann.waitForFunction(() => document.querySelectorAll(".pending").length === 0);
  assertEquals((await spoken(ann)).slice(-away.length), away);
  for (const page of [ann, bob]) {
    await show(page, "lobby");
    await shows(page, "they are coming back");
  }
  await say(bob, "all here");
  await shows(ann, "all here");
  const [heardByAnn, heardByBob] = [await spoken(ann), await spoken(bob)];
  assertEquals(heardByAnn, heardByBob);
  for (
    const text of ["hello from nc", "hello from IRC", "hello from a page", "they are coming back", "all here"]
  ) {
    assertEquals(heardByAnn.filter((said) => said === text).length, 1, text);
  }

  // A flood of another is shown, and the page answers.
  await eve.send(Array.from({ length: 500 }, (_, index) => `flood ${index}\n`).join(""));
  await shows(ann, "flood 499");
  await say(ann, "still here");
  await shows(bob, "still here");

  await ann.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  await picture(ann, "dark");
  assertEquals([...notes.hosts], [`127.0.0.1:${ports.webPort}`]);
  assertEquals(notes.errors, []);
  console.log("ok");
} finally {
  server.kill("SIGTERM");
  await server.ended();
}

async function startServer(): Promise<TestProcess> {
  const started = startTask("chat:server", [
    ...[
      "--port",
      String(ports.port),
      "--web-port",
      String(ports.webPort),
      "--irc-port",
      String(ports.ircPort),
    ],
    ...["--history", "chat.log", "--rate", "0"],
  ], { cwd: directory.path });
  await started.line("Web door listening");
  return started;
}

async function logIn(page: Page, name: string): Promise<void> {
  await page.waitForSelector("button[type=submit]:not([disabled])");
  await page.type("#name", name);
  await page.keyboard.press("Enter");
  await shows(page, `Connected as ${name}`);
  await page.waitForSelector("#say");
}

async function say(page: Page, text: string): Promise<void> {
  await page.focus("#say");
  await page.keyboard.sendCharacter(text);
  await page.keyboard.press("Enter");
}

async function show(page: Page, title: string): Promise<void> {
  await page.evaluate((wanted) => {
    const buttons = [...document.querySelectorAll<HTMLElement>("button.conversation")];
    buttons.find((button) => button.querySelector(".title")?.textContent === wanted)?.click();
  }, title);
  await page.waitForFunction((wanted) => document.querySelector("h1")?.textContent === wanted, {}, title);
}

async function spoken(page: Page): Promise<string[]> {
  return await page.$$eval(
    "#lines .said:not(.pending) .text",
    (found) => found.map((one) => one.textContent ?? ""),
  );
}

async function picture(page: Page, name: string): Promise<void> {
  assert(await page.$("#app") !== null);
  if (screenshots !== undefined) await page.screenshot({ path: `${screenshots}/chat-${name}.png` });
}
