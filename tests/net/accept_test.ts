import { assert, assertEquals } from "@std/assert";
import { tcpServer } from "../../actors/net/mod.ts";
import {
  type SocketAddress,
  type TcpConnection,
  type World,
  WorldError,
  type WorldErrorKind,
} from "../../actors/world/world.ts";
import { lineFrames, rawFrames } from "../../protocols/frames.ts";
import type { Ref } from "../../mod.ts";
import { deadline, PATIENCE_MS, TestClient } from "../_helpers.ts";
import { echoLines, quietWorld, run } from "./_net.ts";

/** What accept(2) may say of one client, of the machine, or of its firewall. */
const FAILURES: readonly WorldErrorKind[] = [
  "connection-reset",
  "invalid-data",
  "too-many-open-files",
  "permission-denied",
  "unreachable",
  "other",
];

/** A server that sends back lines, of which accepts fail as they are told to; it says so into `said`. */
async function failingServer(
  failure: () => WorldError | undefined,
  said: string[],
): Promise<AsyncDisposable & { readonly port: number }> {
  const world = quietWorld();
  const listenTcp: World["net"]["listenTcp"] = (options) => {
    const listener = world.net.listenTcp(options);
    const accept = () => {
      const error = failure();
      return error === undefined ? listener.accept() : Promise.reject(error);
    };
    return { address: listener.address, accept, close: () => listener.close() };
  };
  const server = run(
    tcpServer({
      address: { hostname: "127.0.0.1", port: 0 },
      frames: () => lineFrames(),
      session: echoLines,
    }),
    {
      ...world,
      net: Object.assign(Object.create(world.net), { listenTcp }),
      log: { enabled: () => true, write: ({ message }) => void said.push(message) },
    },
  );
  const { port } = await server.ref.ask((replyTo: Ref<SocketAddress>) => ({ type: "get-address", replyTo }), {
    timeoutMs: PATIENCE_MS,
  });
  return { port, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

Deno.test("tcp server: an accept that fails is no failure of the server, which says so once and goes on", async () => {
  const said: string[] = [];
  let accepts = 0;
  const failure = () => {
    const kind = FAILURES[accepts++];
    return kind && new WorldError(kind, "Cannot accept a connection: a test");
  };
  await using server = await failingServer(failure, said);
  using client = await TestClient.connect(server.port);
  await client.send("still there\n");
  assertEquals(await client.line(), "still there");
  assert(accepts > FAILURES.length);
  assertEquals(said, ["Cannot accept a connection: a test; trying again"]);
});

Deno.test("tcp server: a client that is gone before it was accepted is no news, and holds up nobody", async () => {
  const said: string[] = [];
  const gone: WorldErrorKind[] = ["connection-reset", "invalid-data", "connection-reset"];
  const failure = () => {
    const kind = gone.shift();
    return kind && new WorldError(kind, "a test");
  };
  await using server = await failingServer(failure, said);
  using client = await TestClient.connect(server.port);
  await client.send("served\n");
  assertEquals(await client.line(), "served");
  assertEquals([gone, said], [[], []]);
});

/**
 * The real world, to whose listeners `coming` connections come at once; all of them are in `accepted`, and
 * `told` how many there are.
 */
function crowdedWorld(
  coming: number,
  told: (count: number) => void = () => {},
): { readonly world: World; readonly accepted: ReturnType<typeof connectionOf>[] } {
  const world = quietWorld();
  const accepted: ReturnType<typeof connectionOf>[] = [];
  const listenTcp: World["net"]["listenTcp"] = ({ hostname, port }) => ({
    address: { hostname, port },
    accept() {
      if (accepted.length === coming) return new Promise(() => {});
      const connection = connectionOf({ hostname: "127.0.0.1", port: accepted.length + 1 });
      told(accepted.push(connection));
      return Promise.resolve(connection);
    },
    close() {},
  });
  const net = Object.assign(Object.create(world.net), { listenTcp });
  return { world: { ...world, net }, accepted };
}

Deno.test("tcp server: of those who come at once some hundred are accepted ahead, and all are served", async () => {
  const coming = 1000;
  const { world, accepted } = crowdedWorld(coming);
  const { promise: allServed, resolve: served } = Promise.withResolvers<void>();
  const ahead: number[] = [];
  const behavior = tcpServer({
    address: { hostname: "127.0.0.1", port: 1 },
    frames: rawFrames,
    session() {
      if (ahead.push(accepted.length - ahead.length) === coming) served();
      return { frame() {} };
    },
  });
  await using _server = run(behavior, world);
  await deadline(allServed);
  const most = Math.max(...ahead);
  assert(most > 100 && most < 600, `${most} were accepted ahead of being served`);
});

Deno.test("tcp server: a stop closes those, too, who were accepted ahead and not looked at yet", async () => {
  let sessions = 0;
  const { promise: stopping, resolve: stop } = Promise.withResolvers<void>();
  const { world, accepted } = crowdedWorld(1000, (count) => {
    if (count === sessions + 90) queueMicrotask(() => stop(server.system.stop()));
  });
  const server = run(
    tcpServer({
      address: { hostname: "127.0.0.1", port: 1 },
      frames: rawFrames,
      session() {
        sessions++;
        // It takes its time, so that the others have not been looked at when the server stops.
        for (const endMs = performance.now() + 0.5; performance.now() < endMs;);
        return { frame() {} };
      },
    }),
    world,
  );
  await deadline(stopping);
  assert(accepted.length > sessions, `${accepted.length} were accepted, and ${sessions} served`);
  assertEquals(accepted.filter(({ isClosed }) => !isClosed()).length, 0);
});

/** A connection whose peer says nothing. */
function connectionOf(remoteAddress: SocketAddress): TcpConnection & { isClosed(): boolean } {
  const closed = Promise.withResolvers<null>();
  let isClosed = false;
  return {
    localAddress: { hostname: "127.0.0.1", port: 1 },
    remoteAddress,
    read: () => closed.promise,
    write: ({ length }) => Promise.resolve(length),
    closeWrite: () => Promise.resolve(),
    close() {
      isClosed = true;
      closed.resolve(null);
    },
    setNoDelay() {},
    isClosed: () => isClosed,
  };
}
