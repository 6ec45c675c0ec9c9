/**
 * From a key in one tab of a real Chromium until another tab shows its letter: run with all rights by
 * `editor_web.ts`, for the browser's driver asks for many. Prints the times in milliseconds as JSON, or
 * `null` where there is no browser or the page is not built.
 *
 * @module
 */
import type { Page } from "puppeteer-core";
import { freePort, root, tempDirectory, until } from "../_helpers.ts";
import { hasChromium, launchBrowser } from "../interop/_browser.ts";

const keys = Number(Deno.args[0]);
const PAUSE_MS = 60;

/** In the page: keeps the time of each key, and of each change of what is shown with the length after it. */
const WATCH = `(() => {
  const content = document.querySelector(".editor").shadowRoot.querySelector(".cm-content");
  const now = () => performance.timeOrigin + performance.now();
  globalThis.pressed = [];
  globalThis.shown = [];
  addEventListener("keydown", () => pressed.push(now()), true);
  const length = () => [...content.querySelectorAll(".cm-line")].reduce((sum, line) => {
    const copy = line.cloneNode(true);
    for (const caret of copy.querySelectorAll(".caret")) caret.remove();
    return sum + copy.textContent.length;
  }, 0);
  new MutationObserver(() => {
    for (let end = length(); shown.length < end;) shown.push(now());
  }).observe(content, { subtree: true, childList: true, characterData: true });
})()`;

async function times(page: Page, name: "pressed" | "shown"): Promise<number[]> {
  return await page.evaluate(name) as number[];
}

async function isReady(port: number): Promise<boolean> {
  try {
    const { ok, body } = await fetch(`http://127.0.0.1:${port}/readyz`);
    await body?.cancel();
    return ok;
  } catch {
    return false;
  }
}

async function measure(): Promise<number[] | null> {
  const page = `${root}dist/pages/editor/index.html`;
  if (!await hasChromium() || !await Deno.stat(page).then(() => true, () => false)) return null;
  await using directory = await tempDirectory();
  const port = freePort();
  const task = `${root}tasks/editor_server.ts`;
  const flags = ["--host", "127.0.0.1", "--port", "0", "--web-port", `${port}`, "--log-level", "error"];
  const server = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "--no-check", task, ...flags],
    cwd: directory.path,
    stdout: "null",
  }).spawn();
  try {
    await using browser = await launchBrowser(directory.file("profile"));
    const open = async () => {
      const context = await browser.createBrowserContext();
      const tab = await context.newPage();
      await tab.goto(`http://127.0.0.1:${port}`);
      await tab.waitForSelector(".status.saved");
      await tab.evaluate(WATCH);
      return tab;
    };
    await until(() => isReady(port), "the server to be ready");
    const [reader, writer] = [await open(), await open()];
    await writer.bringToFront();
    await writer.click(".editor");
    for (let key = 0; key < keys; key++) {
      await writer.keyboard.press("x");
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    await reader.waitForFunction(`shown.length >= ${keys}`, { polling: 50 });
    const [pressed, shown] = [await times(writer, "pressed"), await times(reader, "shown")];
    return pressed.map((at, i) => (shown[i] ?? NaN) - at);
  } finally {
    server.kill("SIGKILL");
    await server.status;
  }
}

console.log(JSON.stringify(await measure()));
Deno.exit(0);
