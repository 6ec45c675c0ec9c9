/**
 * A web door with a route of each kind, for tests.
 *
 * @module
 */
import {
  type DialerCommand,
  HttpError,
  type HttpLimits,
  httpServer,
  type HttpServerOptions,
  jsonResponse,
  type Route,
  type TcpServerCommand,
  textResponse,
  webSocketDialer,
  type WebSocketMessage,
} from "../../actors/net/mod.ts";
import type { LogRecord, World } from "../../actors/world/world.ts";
import type { Behavior } from "../../mod.ts";
import { deadline } from "../_helpers.ts";
import { quietWorld, run, type Running } from "./_net.ts";

export interface Door extends Running<TcpServerCommand> {
  readonly port: number;
  readonly base: string;
  readonly log: LogRecord[];
}

export const ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/hello/:name",
    handle: ({ params }) => textResponse(200, `Hello, ${params["name"]}!`),
  },
  {
    method: "POST",
    path: "/length",
    maxBodyBytes: 100_000,
    handle: ({ body }) => jsonResponse(200, { length: body.length }),
  },
  { method: "GET", path: "/thrown", handle: () => Promise.reject(new Error("on purpose")) },
  { method: "GET", path: "/strange", handle: () => Promise.reject(Object.create(null)) },
  {
    method: "GET",
    path: "/refused",
    handle: () => {
      throw new HttpError(409, "not now");
    },
  },
  { method: "GET", path: "/large", handle: () => ({ status: 200, body: new Uint8Array(3_000_000).fill(7) }) },
  { method: "GET", path: "/pieces", handle: () => ({ status: 200, body: pieces() }) },
  {
    path: "/echo",
    maxMessageBytes: 100_000,
    webSocket: (socket) => ({
      frame: (message) => typeof message === "string" ? socket.sendText(message) : socket.send(message),
      draining: () => socket.sendText("bye"),
    }),
  },
  { path: "/closed", webSocket: (socket) => ({ frame: (message) => socket.close(4001, `${message}`) }) },
  { path: "/private", admit: () => textResponse(401, "who are you?"), webSocket: () => ({ frame() {} }) },
];

export async function open(
  options: Partial<HttpServerOptions> & { readonly limits?: Partial<HttpLimits> } = {},
): Promise<Door> {
  const listening = Promise.withResolvers<number>();
  const log: LogRecord[] = [];
  const world: World = {
    ...quietWorld(),
    log: { enabled: () => true, write: (record) => void log.push(record) },
  };
  const running = run(
    httpServer({
      address: { hostname: "127.0.0.1", port: 0 },
      routes: ROUTES,
      onListening: ({ port }) => listening.resolve(port),
      ...options,
    }),
    world,
  );
  const port = await deadline(listening.promise);
  return { ...running, port, base: `${options.tls ? "https" : "http"}://127.0.0.1:${port}`, log };
}

export async function* pieces(): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < 5; i++) yield await Promise.resolve(new Uint8Array(50_000).fill(i));
}

/** Sends three messages, each when the one before has come back. */
export function echoClient(
  url: string,
  got: WebSocketMessage[],
  caCerts: readonly string[] = [],
): Behavior<DialerCommand> {
  const messages: WebSocketMessage[] = ["one", new Uint8Array(90_000).fill(1), "three"];
  return webSocketDialer({
    url,
    tls: { caCerts },
    reconnect: { minMs: 10, maxMs: 100 },
    session(socket) {
      let next = 0;
      const send = () => {
        const message = messages[next++];
        if (typeof message === "string") socket.sendText(message);
        else if (message !== undefined) socket.send(message);
      };
      send();
      return {
        frame(message) {
          got.push(message);
          send();
        },
      };
    },
  });
}
