/**
 * The page in a real Chromium: run with all rights by `editor_page_test.ts`, for the driver asks for many.
 */
import { assert, assertEquals } from "@std/assert";
import type { Browser, Page } from "puppeteer-core";
import { deadline, type TempDirectory, tempDirectory, until } from "../_helpers.ts";
import { type EditorPlay, startEditor } from "../editor/_play.ts";
import { encodeYMessage } from "../../protocols/y_sync.ts";
import { launchBrowser } from "./_browser.ts";

/** In a tab: remembers its WebSockets, so that a test can cut one. */
const KEEP_SOCKETS = `{
  const { WebSocket } = window;
  window.sockets = [];
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      window.sockets.push(this);
    }
  };
}`;

/** Tabs of one browser on one server; what they ask of other hosts is kept. */
class Desk implements AsyncDisposable {
  readonly browser: Browser;
  readonly base: string;
  readonly foreign: string[] = [];
  readonly faults: string[] = [];

  constructor(browser: Browser, base: string) {
    this.browser = browser;
    this.base = base;
  }

  static async open(directory: TempDirectory, port: number): Promise<Desk> {
    const browser = await launchBrowser(directory.file("profile"));
    return new Desk(browser, `http://127.0.0.1:${port}`);
  }

  /** A tab of somebody else: nothing is shared but the server. */
  async tab({ width = 1000, path = "", status = "saved" } = {}): Promise<Tab> {
    const context = await this.browser.createBrowserContext();
    const page = await context.newPage();
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(this.base) && !url.startsWith("data:")) this.foreign.push(url);
    });
    page.on("pageerror", (error) => this.faults.push(String(error)));
    await page.evaluateOnNewDocument(KEEP_SOCKETS);
    await page.setViewport({ width, height: 700, isMobile: width < 500, hasTouch: width < 500 });
    await page.goto(`${this.base}${path}`);
    const tab = new Tab(page);
    if (status !== "") await tab.status(status);
    return tab;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
  }
}

class Tab {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async status(name: string): Promise<void> {
    await this.page.waitForSelector(`.status.${name}`, { timeout: 60_000 });
  }

  async focus(): Promise<void> {
    await this.page.bringToFront();
    await this.page.click(".editor");
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
  }

  async press(...keys: string[]): Promise<void> {
    const page = this.page;
    for (const key of keys) {
      const [last = "", ...modifiers] = key.split("+").reverse();
      for (const modifier of modifiers) await page.keyboard.down(modifier === "Ctrl" ? "Control" : "Shift");
      await page.keyboard.press(last as Parameters<typeof page.keyboard.press>[0]);
      for (const modifier of modifiers) await page.keyboard.up(modifier === "Ctrl" ? "Control" : "Shift");
    }
  }

  /** The lines as they are shown, without the names at the cursors of others. */
  text(): Promise<string> {
    return this.page.evaluate(`(() => {
      const content = document.querySelector(".editor").shadowRoot.querySelector(".cm-content").cloneNode(true);
      for (const caret of content.querySelectorAll(".caret")) caret.remove();
      return [...content.querySelectorAll(".cm-line")].map((line) => line.textContent).join("\\n");
    })()`) as Promise<string>;
  }

  /** How many elements of the editor fit a selector. */
  count(selector: string): Promise<number> {
    return this.page.evaluate(
      `document.querySelector(".editor").shadowRoot.querySelectorAll(${JSON.stringify(selector)}).length`,
    ) as Promise<number>;
  }

  /** Its connection is cut, while the server lives on; it is back when this resolves. */
  async cutOff(): Promise<void> {
    const sockets = await this.page.evaluate("window.sockets.at(-1).close(), window.sockets.length");
    await this.page.waitForFunction(
      `window.sockets.length > ${sockets} && window.sockets.at(-1).readyState === WebSocket.OPEN`,
    );
    await this.status("saved");
  }

  async shows(text: string): Promise<void> {
    let shown = "";
    const isShown = async () => (shown = await this.text()) === text;
    await until(isShown, `a tab to show ${JSON.stringify(text)}`, 15_000).catch((error) => {
      throw new Error(`${error}: it shows ${JSON.stringify(shown)}`, { cause: error });
    });
  }
}

async function start(
  directory: TempDirectory,
  port = 0,
  ...args: string[]
): Promise<{ play: EditorPlay; web: number }> {
  const play = await startEditor(directory, "--web-port", String(port), ...args);
  const web = Number(/:(\d+)$/.exec(await play.server.line("Web door listening"))?.[1]);
  return { play, web };
}

/** What a test of the page is given. */
interface Scene {
  readonly directory: TempDirectory;
  readonly desk: Desk;
  readonly play: EditorPlay;
  readonly web: number;
}

/** A test with a server and a browser of its own. At its end no tab has asked another host or failed. */
function pageTest(
  name: string,
  body: (scene: Scene) => Promise<void>,
  { args = [], text }: { readonly args?: readonly string[]; readonly text?: string } = {},
): void {
  // Its processes and sockets are the browser's.
  Deno.test(`editor page: ${name}`, { sanitizeOps: false, sanitizeResources: false }, async () => {
    await using directory = await tempDirectory();
    if (text !== undefined) await Deno.writeTextFile(directory.file("temp.txt"), text);
    const { play, web } = await start(directory, 0, ...args);
    await using _server = play;
    await using desk = await Desk.open(directory, web);
    await body({ directory, desk, play, web });
    assertEquals([desk.foreign, desk.faults], [[], []]);
  });
}

pageTest(
  "three tabs type at once and see one text, each other's cursors, and no other host",
  async ({ directory, desk }) => {
    const tabs = [await desk.tab(), await desk.tab(), await desk.tab({ width: 390 })];
    const [first, second, phone] = tabs;
    assert(first !== undefined && second !== undefined && phone !== undefined);
    for (const [index, tab] of tabs.entries()) {
      await tab.focus();
      await tab.type(`${index}`.repeat(20));
    }
    await until(async () => (await first.text()).length === 60, "all that was typed");
    const text = await first.text();
    await Promise.all(tabs.map((tab) => tab.shows(text)));
    for (const digit of "012") assertEquals(text.split(digit).length - 1, 20);
    await until(async () => await first.count(".caret") === 2, "two cursors");
    await first.page.waitForSelector(".people li:nth-child(2)");
    await until(
      async () => await Deno.readTextFile(directory.file("temp.txt")) === text,
      "the file to hold the text",
    );
    // Nothing is wider than a phone.
    assertEquals(await phone.page.evaluate("document.documentElement.scrollWidth"), 390);
    // Undo takes back one's own alone, and by keyboard.
    await second.focus();
    await second.press("Ctrl+z");
    await until(async () => !(await first.text()).includes("1"), "the undo");
    assertEquals((await first.text()).length, 40);
  },
);

pageTest(
  "the server is killed and back while a tab types; what it typed is marked, then saved, and nobody is lost",
  async ({ directory, desk, play, web }) => {
    const [ann, bob] = [await desk.tab(), await desk.tab()];
    await ann.focus();
    await ann.type("before ");
    await bob.shows("before ");
    await ann.page.waitForSelector(".people li");
    // It has forgotten the others, who say by themselves that they are there every 15 s.
    await ann.cutOff();
    for (const tab of [ann, bob]) await tab.page.waitForSelector(".people li", { timeout: 10_000 });
    play.server.kill("SIGKILL");
    await play.server.ended();
    await ann.status("offline");
    await ann.type("during ");
    assert(await ann.count(".unsaved") > 0);
    const after = await start(directory, web);
    await using _server = after.play;
    await ann.status("saved");
    await until(async () => await ann.count(".unsaved") === 0, "the mark to go");
    await bob.shows("before during ");
    // At once, as above.
    for (const tab of [ann, bob]) await tab.page.waitForSelector(".people li", { timeout: 10_000 });
    await until(async () => await bob.count(".caret") === 1, "the cursor of the other", 10_000);
    await until(
      async () => await Deno.readTextFile(directory.file("temp.txt")) === "before during ",
      "the file",
    );
  },
);

pageTest(
  "whatever another client says of itself, the page shows the others and goes on",
  async ({ desk, web }) => {
    const [ann, bob] = [await desk.tab(), await desk.tab()];
    const socket = new WebSocket(`ws://127.0.0.1:${web}/sync`);
    await new Promise((resolve) => socket.onopen = resolve);
    const states = [
      ...[5, "x", [], { user: null }, { user: { name: 5, color: {} } }, { user: { name: "<b>\u202e" } }],
      ...[{ cursor: 5 }, { cursor: { anchor: 1, head: 1 } }, { cursor: { anchor: {}, head: {} } }],
      { cursor: { anchor: { item: { client: 1, clock: 1e9 } }, head: { tname: "other" } } },
      { user: { name: "Mallory" }, cursor: { anchor: { tname: "content" }, head: { tname: "content" } } },
    ];
    const entries = states.map((state, at) => ({ clientId: at + 1, clock: 1, state: JSON.stringify(state) }));
    socket.send(encodeYMessage({ type: "awareness", entries }));
    for (const { page } of [ann, bob]) {
      const more = () => page.evaluate(`document.querySelector(".people li.more")?.textContent ?? ""`);
      await until(async () => await more() === "+7", "the others");
    }
    const names = () =>
      ann.page.evaluate(
        `[...document.querySelector(".editor").shadowRoot.querySelectorAll(".caret-name")].map((at) => at.textContent)`,
      ) as Promise<string[]>;
    await until(async () => (await names()).includes("Mallory"), "the one cursor of these that is one");
    await bob.focus();
    await bob.type("on we go");
    await ann.shows("on we go");
    socket.close();
  },
);

pageTest(
  "it edits the text of the name that the server was told, and a large paste whole",
  async ({ directory, desk }) => {
    const [ann, bob] = [await desk.tab(), await desk.tab()];
    await ann.focus();
    await ann.type("here");
    await bob.shows("here");
    // Who wants no motion has none: the name at a cursor goes at once.
    await bob.page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "reduce" }]);
    await until(async () => await bob.count(".caret") === 1, "the cursor of the other");
    const timing = await bob.page.evaluate(
      `getComputedStyle(document.querySelector(".editor").shadowRoot.querySelector(".caret-name"))
        .animationTimingFunction`,
    );
    assertEquals(timing, "steps(1)");
    await ann.press("Ctrl+a");
    const pasted = "a line of a large text\n".repeat(100_000);
    await ann.page.evaluate(`{
      const data = new DataTransfer();
      data.setData("text/plain", ${JSON.stringify("a line of a large text\n")}.repeat(100_000));
      document.querySelector(".editor").shadowRoot.querySelector(".cm-content")
        .dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    }`);
    await until(
      async () => await Deno.readTextFile(directory.file("temp.txt")) === pasted,
      "the file to hold all of it",
      30_000,
    );
    await ann.status("saved");
  },
  { args: ["--text-name", "body é"] },
);

pageTest(
  "it asks for a token, and who may only read is told so before anything is typed",
  async ({ desk }) => {
    const tab = await desk.tab({ status: "" });
    await tab.page.waitForSelector("input[name=token]");
    await tab.type("wrong");
    await tab.press("Enter");
    await tab.page.waitForFunction(
      `document.querySelector(".hint")?.textContent === "That is not the token."`,
    );
    await tab.type("read");
    await tab.press("Enter");
    await tab.status("read-only");
    await tab.shows("mine\n");
    await tab.focus();
    await tab.type("not ");
    const writer = await desk.tab({ path: "/?token=write" });
    await writer.focus();
    await writer.type("still ");
    await tab.shows("mine\nstill ");
  },
  { args: ["--token", "write", "--read-token", "read"], text: "mine\n" },
);

pageTest(
  "a version is kept, shown and restored by keyboard alone, and the restoring can be undone",
  async ({ desk }) => {
    const tab = await desk.tab();
    await tab.focus();
    await tab.type("draft");
    await tab.status("saved");
    const openVersions = async () => {
      await tab.page.focus('button[title="Versions"]');
      await tab.press("Enter");
      await tab.page.waitForSelector("dialog[open] form input");
    };
    await openVersions();
    await tab.page.focus("dialog form input");
    await tab.type("The draft");
    await tab.press("Enter");
    await deadline(tab.page.waitForSelector("dialog ol button"));
    await tab.press("Escape");
    await tab.focus();
    await tab.press("Ctrl+a");
    await tab.type("final");
    await tab.shows("final");
    await openVersions();
    await tab.page.waitForSelector("dialog ol button");
    await tab.page.focus("dialog ol button");
    await tab.press("Enter");
    await tab.page.waitForSelector("dialog button.primary:not([disabled])");
    await tab.page.focus("dialog button.primary");
    await tab.press("Enter");
    await tab.shows("draft");
    await tab.focus();
    await tab.press("Ctrl+z");
    await tab.shows("final");
  },
);
