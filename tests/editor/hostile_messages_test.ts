/** What no honest client sends, to the real door: its sender is closed with a reason, and no one notices. */
import { assert, assertEquals } from "@std/assert";
import * as Y from "yjs";
import {
  encodeClose,
  encodeWebSocket,
  webSocketFrames,
  type WebSocketInput,
} from "../../protocols/web_socket.ts";
import { type AwarenessEntry, encodeYMessage } from "../../protocols/y_sync.ts";
import { tempDirectory, TestClient, until } from "../_helpers.ts";
import { type Door, FOREIGN, open, Provider, takenBy } from "./_web_clients.ts";

const MASK = Uint8Array.of(1, 2, 3, 4);
const UPGRADE = "GET /sync HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
  "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

/** A masked frame, whatever its first byte says. */
function frame(first: number, payload: Uint8Array): Uint8Array {
  const bytes = encodeWebSocket(payload, { mask: MASK });
  bytes[0] = first;
  return bytes;
}

/** Sends some bytes over a WebSocket of its own, and gives what it is closed with. */
async function closing({ web }: Door, bytes: readonly Uint8Array[]): Promise<[code: number, reason: string]> {
  using client = await TestClient.connect(web);
  await client.send(UPGRADE);
  let head = "";
  for (let line; (line = await client.line()) !== "\r";) head += `${line}\n`;
  // Nothing is compressed here: so nothing is small on the way and large in memory.
  assert(!/extensions/i.test(head), head);
  const closed: Promise<WebSocketInput[]> = client.bytes(Infinity).then((rest) => {
    const inputs: WebSocketInput[] = [];
    webSocketFrames({ from: "server" }).push(rest, inputs);
    return inputs;
  });
  for (const part of bytes) await client.send(part).catch(() => {});
  const last = (await closed).at(-1);
  assert(last?.type === "close", JSON.stringify(last));
  return [last.code, last.reason];
}

const message = (...bytes: number[]) => encodeWebSocket(Uint8Array.from(bytes), { mask: MASK });

function state(entries: readonly AwarenessEntry[]): Uint8Array {
  return encodeWebSocket(encodeYMessage({ type: "awareness", entries }), { mask: MASK });
}

/** An update message that holds this. */
function update(...bytes: number[]): Uint8Array {
  return encodeWebSocket(encodeYMessage({ type: "update", update: Uint8Array.from(bytes) }), { mask: MASK });
}

const MAX_NUMBER = [255, 255, 255, 255, 255, 255, 255, 15];
const CONTENT = [1, 7, ...new TextEncoder().encode("content")];

const FRAMES: [what: string, code: number, bytes: Uint8Array[]][] = [
  ["a compressed message", 1002, [frame(0xc2, new Uint8Array(100))]],
  ["the second reserved bit", 1002, [frame(0xa2, Uint8Array.of(3))]],
  ["the third reserved bit", 1002, [frame(0x92, Uint8Array.of(3))]],
  ["a ping in two parts", 1002, [frame(0x09, Uint8Array.of(1)), frame(0x80, Uint8Array.of(2))]],
  ["a message that goes on and has not begun", 1002, [frame(0x80, Uint8Array.of(3))]],
  ["a message that is not masked", 1002, [encodeWebSocket(Uint8Array.of(3))]],
  ["an opcode that there is not", 1002, [frame(0x87, Uint8Array.of(3))]],
  ["a length with the highest bit", 1009, [Uint8Array.of(0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1), MASK]],
  ["a close with half a code", 1002, [frame(0x88, Uint8Array.of(3))]],
  ["a close whose reason is not UTF-8", 1007, [frame(0x88, Uint8Array.of(3, 0xe8, 0xc3, 0x28))]],
  ...[0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535].map((code): [string, number, Uint8Array[]] => [
    `a close with the code ${code}`,
    1002,
    [frame(0x88, Uint8Array.of(code >> 8, code & 255))],
  ]),
  ["a text", 1003, [encodeWebSocket("text", { mask: MASK })]],
];

const MESSAGES: [what: string, code: number, bytes: Uint8Array][] = [
  ["nothing", 1008, message()],
  ["a number without an end", 1008, message(255, 255, 255, 255, 255, 255, 255, 255, 255, 255)],
  ["a sync message of no kind", 1008, message(0, 9)],
  ["a state vector that ends too early", 1008, message(0, 0, 5, 1)],
  ["a state vector of more clients than it has", 1008, message(0, 0, 3, 5, 1, 1)],
  ["more states than there are", 1008, message(1, 9, ...MAX_NUMBER, 1)],
  ["a state that is not JSON", 1008, state([{ clientId: 1, clock: 1, state: "{" }])],
  ["a state that is too long", 1008, state([{ clientId: 1, clock: 1, state: `"${"x".repeat(20_000)}"` }])],
  [
    "too many states",
    1008,
    state(Array.from({ length: 65 }, (_, clientId) => ({ clientId, clock: 1, state: "1" }))),
  ],
  ["more blocks than there are", 1008, update(...MAX_NUMBER)],
  ["more parts than there are", 1008, update(1, ...MAX_NUMBER, 5, 0, 4, ...CONTENT, 1, 120)],
  ["an empty text", 1008, update(1, 1, 5, 0, 4, ...CONTENT, 0, 0)],
  ["a text that is not UTF-8", 1008, update(1, 1, 5, 0, 4, ...CONTENT, 2, 0xc3, 0x28, 0)],
  ["a clock that nobody counts to", 1008, update(1, 1, 5, ...MAX_NUMBER, 4, ...CONTENT, 1, 120, 0)],
  ["a deletion of more than there can be", 1008, update(0, 1, 5, 1, ...MAX_NUMBER, ...MAX_NUMBER)],
  ["something below another element", 1008, update(1, 1, 5, 0, 4, 0, 7, 0, 1, 120, 0)],
  ["a part of a kind that is no text", 1008, update(1, 1, 5, 0, 8, ...CONTENT, 1, 119, 1, 120, 0)],
];

Deno.test(
  "editor: what breaks the rules of WebSocket, of the y-protocols or of Yjs closes its sender alone, with a reason",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await using door = await open(directory);
    using browser = await Provider.open(door.url);
    browser.text.insert(0, "as it was");
    browser.provider.awareness.setLocalStateField("user", { name: "Ann" });
    const text = async () => await (await fetch(`http://127.0.0.1:${door.web}/document`)).text();
    await until(async () => await text() === "as it was", "the edit");
    const all = [...FRAMES, ...MESSAGES.map(([what, code, bytes]) => [what, code, [bytes]] as const)];
    for (const [what, code, bytes] of all) {
      const [got, reason] = await closing(door, bytes);
      assertEquals(got, code, `${what}: ${reason}`);
      assert(reason !== "", what);
    }
    // A close that is one is answered with its code.
    assertEquals(await closing(door, [encodeClose(3000, "bye", { mask: MASK })]), [3000, ""]);
    assertEquals(await text(), "as it was");
    browser.text.insert(9, ".");
    await until(async () => await text() === "as it was.", "the next edit");
  },
);

Deno.test(
  "editor: who takes the number of another client, or says that it left, keeps it from nothing",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await using door = await open(directory);
    using ann = await Provider.open(door.url);
    using bob = await Provider.open(door.url);
    ann.provider.awareness.setLocalStateField("user", { name: "Ann" });
    ann.text.insert(0, "Ann's\n");
    const { clientID } = ann.doc;
    const sees = () => bob.provider.awareness.getStates().get(clientID)?.["user"]?.name;
    await until(() => sees() === "Ann" && bob.value === "Ann's\n", "Ann to be seen");
    using mallory = await Provider.open(door.url);
    await until(() => mallory.value === "Ann's\n", "Mallory to have the text");
    const { ws } = mallory.provider;
    assert(ws !== null);
    const say = (clock: number, stateOfAnn: string) =>
      ws.send(encodeYMessage({
        type: "awareness",
        entries: [{ clientId: clientID, clock, state: stateOfAnn }],
      }));
    for (const clock of [0, 1, 50, 9e12, 9e15]) {
      say(clock, "null");
      say(clock, '{"user":{"name":"not Ann"}}');
    }
    // An edit under Ann's number, from where she is.
    const thief = new Y.Doc();
    Y.applyUpdate(thief, Y.encodeStateAsUpdate(ann.doc));
    thief.clientID = clientID;
    const before = Y.encodeStateVector(thief);
    thief.getText("content").insert(0, "stolen ");
    ws.send(encodeYMessage({ type: "update", update: Y.encodeStateAsUpdate(thief, before) }));
    await until(() => ann.value === "stolen Ann's\n" && bob.value === ann.value, "the edit");
    assertEquals(sees(), "Ann");
    // Yjs takes another number then, and all goes on.
    ann.text.insert(0, "still ");
    await until(() => bob.value === "still stolen Ann's\n", "Ann's next edit");
    assertEquals(sees(), "Ann");
    // The provider leaves under the number that its document has, and fails where that is another.
    ann.doc.clientID = clientID;
    thief.destroy();
  },
);

Deno.test(
  "editor: who asks for all of a long document thousands of times at once, and for who is there, keeps nobody waiting",
  FOREIGN,
  async () => {
    await using directory = await tempDirectory();
    await Deno.writeTextFile(directory.file("temp.txt"), "0123456789abcdef\n".repeat(60_000));
    await using door = await open(directory);
    using ann = await Provider.open(door.url);
    using bob = await Provider.open(door.url);
    const before = await takenBy(door);
    using greedy = await TestClient.connect(door.web);
    await greedy.send(UPGRADE);
    while (await greedy.line() !== "\r");
    const question = [message(0, 0, 1, 0), message(3)];
    for (let i = 0; i < 100; i++) {
      const many = Array.from({ length: 100 }, () => question).flat();
      await greedy.send(Uint8Array.from(many.flatMap((bytes) => [...bytes]))).catch(() => {});
    }
    ann.text.insert(0, "meanwhile ");
    await until(() => bob.value.startsWith("meanwhile "), "the edit");
    // It reads none of what it is sent.
    const grown = (await takenBy(door)).bytes - before.bytes;
    assert(grown < 150_000_000, `the server has ${grown} bytes more`);
  },
);
