import { assertEquals } from "@std/assert";
import { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import { httpServer, type WebSocketConnection } from "../../actors/net/mod.ts";
import { ActorSystem } from "../../mod.ts";
import { Connection } from "../../pages/editor/connection.ts";
import { decodeYMessage, encodeYMessage, type YMessage } from "../../protocols/y_sync.ts";
import { deadline, until } from "../_helpers.ts";

Deno.test("editor page: what is typed between the two halves of the first exchange reaches the server", async () => {
  const got: YMessage[] = [];
  let socket: WebSocketConnection | undefined;
  const { promise: listening, resolve } = Promise.withResolvers<number>();
  await using system = new ActorSystem("test");
  system.spawn(
    "server",
    httpServer({
      address: { hostname: "127.0.0.1", port: 0 },
      onListening: ({ port }) => resolve(port),
      routes: [{
        path: "/sync",
        webSocket: (connection) => {
          socket = connection;
          return {
            frame: (frame) => {
              if (typeof frame !== "string") got.push(decodeYMessage(frame));
            },
          };
        },
      }],
    }),
  );
  const send = (message: YMessage) => socket?.send(encodeYMessage(message));
  const doc = new Y.Doc();
  const awareness = new Awareness(doc);
  const states: string[] = [];
  const connection = new Connection({
    url: `ws://127.0.0.1:${await deadline(listening)}/sync`,
    doc,
    awareness,
    changed: ({ type }) => void states.push(type),
    durable: () => {},
  });
  connection.start();
  await until(() => got.some(({ type }) => type === "sync-step-1"), "the page to ask");
  send({ type: "sync-step-1", stateVector: Uint8Array.of(0) });
  await until(() => got.some(({ type }) => type === "sync-step-2"), "the page's state");
  // The server's answer to the page is still on its way.
  doc.getText("content").insert(0, "x");
  await until(() => got.some(({ type }) => type === "update"), "the edit");
  send({ type: "sync-step-2", update: Uint8Array.of(0, 0) });
  await until(() => states.at(-1) === "saving", "the page to be synced");
  send({ type: "saved", updates: 2 });
  await until(() => states.at(-1) === "saved", "the edit to be saved");
  // So that it does not come back.
  socket?.close(4413, "enough");
  await until(() => states.at(-1) === "refused", "the end");
  assertEquals(connection.hasUnsaved, false);
  awareness.destroy();
  doc.destroy();
});
