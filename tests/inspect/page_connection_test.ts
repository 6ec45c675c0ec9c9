import { assertEquals } from "@std/assert";
import { InspectorConnection } from "../../pages/inspector/connection.ts";

/** A socket that does nothing by itself. */
class FakeSocket {
  static readonly made: FakeSocket[] = [];
  isClosed = false;
  onopen: (() => void) | undefined;
  onmessage: ((event: { readonly data: string }) => void) | undefined;
  onclose: (() => void) | undefined;

  constructor() {
    FakeSocket.made.push(this);
  }

  close(): void {
    this.isClosed = true;
    this.onclose?.();
  }
}

/** Puts what a browser has in place, until it is disposed of. */
function browser(status: () => Promise<number>): Disposable {
  FakeSocket.made.length = 0;
  const parts = {
    fetch: async () => new Response(null, { status: await status() }),
    WebSocket: FakeSocket,
    location: { protocol: "http:", host: "localhost" },
    sessionStorage: { getItem: () => null, setItem: () => {}, removeItem: () => {} },
  };
  const before = Object.keys(parts).map((key) =>
    [key, Object.getOwnPropertyDescriptor(globalThis, key)] as const
  );
  for (const [key, value] of Object.entries(parts)) {
    Object.defineProperty(globalThis, key, { value, configurable: true, writable: true });
  }
  return {
    [Symbol.dispose]: () => {
      for (const [key, descriptor] of before) {
        if (descriptor === undefined) Reflect.deleteProperty(globalThis, key);
        else Object.defineProperty(globalThis, key, descriptor);
      }
    },
  };
}

/** Lets what waits for promises go on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("inspector's page: a token that is sent twice leaves one socket open, and news is told once", async () => {
  using _browser = browser(() => Promise.resolve(200));
  const events: string[] = [];
  const connection = new InspectorConnection({
    opened: () => events.push("opened"),
    event: ({ type }) => events.push(type),
    lost: () => events.push("lost"),
    needsToken: (problem) => events.push(problem),
  });
  connection.useToken("a");
  connection.useToken("a");
  await settled();
  assertEquals(FakeSocket.made.length, 1);
  FakeSocket.made[0]?.onopen?.();
  connection.useToken("a");
  await settled();
  assertEquals(FakeSocket.made.map(({ isClosed }) => isClosed), [true, false]);
  for (const socket of FakeSocket.made) socket.onmessage?.({ data: '{"type":"news"}' });
  assertEquals(events, ["opened", "news"]);
});

Deno.test("inspector's page: it says whether a token was wrong, or too many were", async () => {
  const problems: string[] = [];
  for (const status of [401, 429]) {
    using _browser = browser(() => Promise.resolve(status));
    const connection = new InspectorConnection({
      ...{ opened: () => {}, event: () => {}, lost: () => {} },
      needsToken: (problem) => problems.push(problem),
    });
    connection.useToken("a");
    await settled();
  }
  assertEquals(problems, ["wrong", "too-many"]);
});
