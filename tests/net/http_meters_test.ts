/**
 * What a web door measures, after OpenTelemetry's semantic conventions for HTTP servers.
 */
import { assertEquals } from "@std/assert";
import type { Instrument } from "../../actors/inspect/mod.ts";
import { MeterRegistry } from "../../actors/inspect/mod.ts";
import { httpServer, type Route, textResponse } from "../../actors/net/mod.ts";
import { ActorSystem, escalate } from "../../mod.ts";
import { TestClient } from "../_helpers.ts";
import { ROUTES } from "./_door.ts";
import { quietWorld } from "./_net.ts";

/** The attributes of each answer, in the order in which they first came. */
async function attributesOf(requests: readonly string[], routes: readonly Route[] = ROUTES) {
  const made: Instrument[] = [];
  const meter = new MeterRegistry((instrument) => void made.push(instrument));
  await using system = new ActorSystem("web", { world: quietWorld(), instruments: { meter } });
  const { promise: listening, resolve } = Promise.withResolvers<number>();
  const address = { hostname: "127.0.0.1", port: 0 };
  const server = httpServer({ address, routes, onListening: ({ port }) => resolve(port) });
  system.spawn("server", server, { onFailure: escalate() });
  const port = await listening;
  for (const request of requests) {
    using client = await TestClient.connect(port);
    await client.send(`${request}\r\nconnection: close\r\n\r\n`);
    await client.rest();
  }
  return made.filter(({ name }) => name === "http.server.request.duration").map(({ options }) =>
    options.attributes
  );
}

const HOST = "HTTP/1.1\r\nhost: localhost";

Deno.test("web door: durations have method, scheme, status as a number, and the pattern that answered", async () => {
  const upgrade = "upgrade: websocket\r\nsec-websocket-version: 13\r\n" +
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==";
  assertEquals(
    await attributesOf([
      `GET /hello/one ${HOST}`,
      `HEAD /hello/two ${HOST}`,
      `POST /length ${HOST}\r\ncontent-length: 0`,
      `GET /thrown ${HOST}`,
      `GET /private ${HOST}\r\n${upgrade.replace("upgrade:", "connection: Upgrade\r\nupgrade:")}`,
      `GET /echo ${HOST}`,
      `DELETE /length ${HOST}`,
    ]),
    [
      {
        "http.request.method": "GET",
        "url.scheme": "http",
        "http.response.status_code": 200,
        "http.route": "/hello/:name",
      },
      {
        "http.request.method": "HEAD",
        "url.scheme": "http",
        "http.response.status_code": 200,
        "http.route": "/hello/:name",
      },
      {
        "http.request.method": "POST",
        "url.scheme": "http",
        "http.response.status_code": 200,
        "http.route": "/length",
      },
      {
        "http.request.method": "GET",
        "url.scheme": "http",
        "http.response.status_code": 500,
        "http.route": "/thrown",
        "error.type": "500",
      },
      {
        "http.request.method": "GET",
        "url.scheme": "http",
        "http.response.status_code": 401,
        "http.route": "/private",
      },
      {
        "http.request.method": "GET",
        "url.scheme": "http",
        "http.response.status_code": 426,
        "http.route": "/echo",
      },
      {
        "http.request.method": "DELETE",
        "url.scheme": "http",
        "http.response.status_code": 405,
        "http.route": "/length",
      },
    ],
  );
});

Deno.test("web door: health has its route also under a page's, and what fits no route has none", async () => {
  const page: Route = { method: "GET", path: "/*", handle: () => textResponse(404, "no such file\n") };
  const get = (paths: readonly string[]) => paths.map((path) => `GET ${path} ${HOST}`);
  const routes = async (paths: readonly string[], under: readonly Route[]) =>
    (await attributesOf(get(paths), under)).map((one) => [
      one?.["http.route"],
      one?.["http.response.status_code"],
    ]);
  assertEquals(await routes(["/healthz", "/readyz", "/a", "/b/c"], [page]), [
    ["/healthz", 200],
    ["/readyz", 200],
    ["/*", 404],
  ]);
  assertEquals(await routes(["/healthz", "/a", "/b"], []), [["/healthz", 200], [undefined, 404]]);
});

Deno.test("web door: what a peer makes up makes no series: its methods, paths and hosts", async () => {
  const made = await attributesOf([
    ...["SPAM", "SPAM2", "get"].map((method) => `${method} /hello/x ${HOST}`),
    ...["evil.example", "worse.example"].map((host) => `GET /hello/x HTTP/1.1\r\nhost: ${host}`),
  ]);
  assertEquals(made.map((one) => [one?.["http.request.method"], one?.["http.response.status_code"]]), [
    ["_OTHER", 405],
    ["GET", 403],
  ]);
});
