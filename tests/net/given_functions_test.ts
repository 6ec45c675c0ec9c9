import { assertThrows } from "@std/assert";
import { datagrams, dialer, httpServer, lineFrames, tcpServer } from "../../actors/net/mod.ts";

/** What a program without types may give, and how it is called. */
const WRONG: readonly (readonly [given: unknown, what: string])[] = [
  [undefined, "undefined"],
  [null, "null"],
  [{}, "object"],
];

const address = { hostname: "127.0.0.1", port: 0 };
const served = { address, frames: () => lineFrames(), session: () => ({ frame() {} }) };
const page = { method: "GET", path: "/", handle: () => ({ status: 200 }) } as const;

/** What cannot be done, of which function it takes, whether that may be absent, and who is given it. */
const TAKERS: readonly [string, string, boolean, (given: never) => unknown][] = [
  ["Cannot serve", "frames", false, (frames) => tcpServer({ ...served, frames })],
  ["Cannot serve", "session", false, (session) => tcpServer({ ...served, session })],
  ["Cannot serve", "refusal", true, (refusal) => tcpServer({ ...served, refusal })],
  ["Cannot serve", "onListening", true, (onListening) => tcpServer({ ...served, onListening })],
  ["Cannot dial", "frames", false, (frames) => dialer({ ...served, reconnect: false, frames })],
  ["Cannot dial", "session", false, (session) => dialer({ ...served, reconnect: false, session })],
  ["Cannot dial", "up", true, (up) => dialer({ ...served, reconnect: false, up })],
  ["Cannot dial", "down", true, (down) => dialer({ ...served, reconnect: false, down })],
  ["Cannot take datagrams", "peer", false, (peer) => datagrams({ address, peer })],
  ["Cannot serve", "isReady", true, (isReady) => httpServer({ address, routes: [page], isReady })],
  [
    "Cannot serve",
    "onListening",
    true,
    (onListening) => httpServer({ address, routes: [page], onListening }),
  ],
  ['Cannot route "/"', "handle", false, (handle) => httpServer({ address, routes: [{ ...page, handle }] })],
  ['Cannot route "/"', "webSocket", false, (webSocket) => {
    return httpServer({ address, routes: [{ path: "/", webSocket }] });
  }],
];

for (const [cannot, name, isOptional, give] of TAKERS) {
  Deno.test(`given functions: ${cannot}: ${name} that is no function is refused before anything starts`, () => {
    for (const [given, what] of isOptional ? WRONG.slice(1) : WRONG) {
      assertThrows(() => give(given as never), TypeError, `${cannot}: ${name} is ${what}, not a function`);
    }
  });
}
