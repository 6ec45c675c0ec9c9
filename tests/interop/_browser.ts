/// <reference lib="dom" />
/**
 * A real Chromium for scripts that look at pages.
 *
 * @module
 */
import puppeteer, { type Browser, type Page } from "puppeteer-core";

/** Where Debian puts it. */
const CHROMIUM = "/usr/bin/chromium";

/** Whether there is a Chromium on this machine. */
export async function hasChromium(): Promise<boolean> {
  return await Deno.stat(CHROMIUM).then(({ isFile }) => isFile, () => false);
}

/**
 * A browser with a profile of its own (in a folder that is given, else a temporary one) that asks nobody but
 * the pages' own servers.
 */
export async function launchBrowser(profile?: string): Promise<Browser & AsyncDisposable> {
  return await puppeteer.launch({
    executablePath: CHROMIUM,
    headless: true,
    ...(profile === undefined ? {} : { userDataDir: profile }),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A tab that notes each host that it asks, and each error that it meets. */
export async function openTab(
  browser: Browser,
  url: string,
  notes: { readonly hosts: Set<string>; readonly errors: string[] },
): Promise<Page> {
  // A profile of its own: two tabs are two people.
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.on("request", (request) => notes.hosts.add(new URL(request.url()).host));
  page.on("pageerror", (error) => notes.errors.push(String(error)));
  await page.goto(url, { waitUntil: "load" });
  return page;
}

/** Waits until the page shows a text; throws with what it shows instead. */
export async function shows(page: Page, text: string): Promise<void> {
  try {
    await page.waitForFunction((wanted: string) => document.body.innerText.includes(wanted), {
      polling: 50,
      timeout: 30_000,
    }, text);
  } catch (error) {
    const shown = await page.evaluate(() => document.body.innerText.slice(-500));
    throw new Error(`Cannot find ${JSON.stringify(text)} at the end of ${JSON.stringify(shown)}`, {
      cause: error,
    });
  }
}
