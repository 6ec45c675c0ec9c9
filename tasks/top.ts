/**
 * The busiest actors of a running system, in a terminal.
 *
 * @module
 */
import { parseAddress } from "../actors/net/mod.ts";
import { formatAddress, type SocketAddress } from "../actors/world/world.ts";
import type { InspectorOrder } from "../protocols/inspector.ts";
import {
  bearerToken,
  choice,
  clientTls,
  defineTask,
  integer,
  path,
  runClient,
  toggle,
  UsageError,
} from "./_cli.ts";
import { InspectorClient } from "./_inspector_client.ts";
import { MAX_ROWS } from "./_inspector_messages.ts";
import { Input, say, write } from "./_stdio.ts";
import { canRedraw, sizeOfScreen } from "./_terminal.ts";
import { screenLines, tableLines } from "./_top_table.ts";

const ORDERS = ["messages", "mailbox", "restarts"] as const;

/** The command line. */
export const task = defineTask({
  name: "top",
  summary: "The busiest actors of a server that was started with --inspect, every second",
  env: "TOP",
  flags: {
    sort: choice(ORDERS, { help: "By what the actors are sorted", default: "messages" }),
    rows: integer({
      help: "How many actors are shown where the output is no terminal",
      min: 1,
      max: MAX_ROWS,
      default: 20,
    }),
    token: bearerToken({ help: "What the server was given as --inspect-token" }),
    tls: toggle({ help: "Speak TLS" }),
    ca: path({
      help: "Certificate authority (PEM) to trust beside the usual ones; implies --tls",
      value: "FILE",
    }),
    timeoutMs: integer({
      help: "Milliseconds of silence after which the server is given up",
      min: 1,
      default: 15_000,
      value: "MS",
    }),
  },
  positionals: {
    usage: "HOST:PORT",
    help: "Where the server's inspector is, as --inspect says",
    min: 1,
    max: 1,
  },
  examples: ["127.0.0.1:9090", "127.0.0.1:9090 --sort mailbox", "127.0.0.1:9090 | head -5"],
});

/** Rates are of so many milliseconds at least. */
const RATE_MS = 500;
/** A clock that stands still ends nothing. */
const MAX_LOOKS = 10;
const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const CLEAR_BELOW = "\x1b[J";
const CLEAR_LINE_END = "\x1b[K";

if (import.meta.main) {
  await runClient(task, async (options, { args: [given = ""], signal, world }) => {
    const { sort, rows, token, timeoutMs } = options;
    const address = addressOf(given);
    const security = await clientTls(options, world.disk);
    await using client = await InspectorClient.connect({
      at: address,
      token,
      ...security,
      timeoutMs,
      signal,
    });
    if (!canRedraw(Deno.stdout)) return await printOnce(client, sort, rows);
    await show(client, formatAddress(address), sort, signal);
    return 0;
  });
}

function addressOf(given: string): SocketAddress {
  try {
    const address = parseAddress(given);
    if (address.port > 0) return address;
  } catch {
    // Said below.
  }
  throw new UsageError(`${JSON.stringify(given)} is not an address such as 127.0.0.1:9090`);
}

/** One table, and the end. */
async function printOnce(client: InspectorClient, order: InspectorOrder, rows: number): Promise<number> {
  client.look(order, rows);
  const first = await client.next();
  let seen = first;
  // The first count has no rates yet, and those of a moment say nothing.
  for (let looks = 0; looks < MAX_LOOKS && seen.tick.time - first.tick.time < RATE_MS; looks++) {
    seen = await client.next();
  }
  const { busiest, tick } = seen;
  for (const line of tableLines(busiest, tick, order)) say(line);
  return 0;
}

/** A table that is drawn anew each second, until somebody leaves. */
async function show(
  client: InspectorClient,
  address: string,
  sort: InspectorOrder,
  signal: AbortSignal,
): Promise<void> {
  const leaving = new AbortController();
  const end = AbortSignal.any([signal, leaving.signal]);
  let order = sort;
  const keys = readKeys(end, (key) => {
    if (key === "q" || key === "\x03" || key === "\x04") return leaving.abort();
    const chosen = ORDERS.find((each) => each.startsWith(key === "b" ? "mailbox" : key));
    if (chosen === undefined) return;
    order = chosen;
    client.look(order, MAX_ROWS);
  });
  write(ENTER);
  try {
    client.look(order, MAX_ROWS);
    while (!end.aborted) {
      const seen = await Promise.race([client.next(), aborted(end)]);
      if (seen === undefined) break;
      const { columns, rows } = sizeOfScreen();
      const lines = screenLines({ ...seen, order, address, columns, rows });
      write(`${HOME}${lines.map((line) => `${line}${CLEAR_LINE_END}`).join("\r\n")}${CLEAR_BELOW}`);
    }
  } finally {
    write(LEAVE);
    leaving.abort();
    await keys;
  }
}

/** Reads keys one by one, without waiting for the end of a line. */
async function readKeys(end: AbortSignal, pressed: (key: string) => void): Promise<void> {
  if (!Deno.stdin.isTerminal()) return;
  const input = new Input(end);
  Deno.stdin.setRaw(true);
  try {
    for (let keys; (keys = await input.read()) !== null;) {
      for (const key of keys) pressed(key);
    }
  } finally {
    try {
      Deno.stdin.setRaw(false);
    } catch {
      // The terminal has gone.
    }
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}
