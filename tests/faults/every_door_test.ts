/**
 * One kind of fault after the other, at every door of every service: the table in `docs/faults.md`.
 */
import { assert, assertEquals } from "@std/assert";
import { makeCertificate, tempDirectory, TestClient, until } from "../_helpers.ts";
import { askDatagram, count, serve, sockets } from "./_strangers.ts";
import { DATAGRAMS, type Door, DOORS, serveEveryDoor } from "./_every_door.ts";

const door = (name: string): Door => {
  const found = DOORS.find((each) => each.name === name);
  if (found === undefined) throw new RangeError(`Cannot find the door ${name}`);
  return found;
};

const HANDSHAKE = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

Deno.test("1: every door is open at each address of the name that it was told", async () => {
  await using directory = await tempDirectory();
  await using all = await serveEveryDoor(directory, {
    flags: ["--host", "localhost", "--inspect", "localhost:0"],
    peerFlags: ["--nodes", "1=localhost:18080"],
  });
  for (const { name, line } of DOORS) {
    for (const address of ["127.0.0.1", "::1"]) {
      const port = all.port(line);
      const client = await TestClient.connect(port, address).catch(() => undefined);
      assert(client !== undefined, `${name} does not listen on ${address}, port ${port}`);
      client.close();
    }
  }
});

/** What a first phase can be dragged out with: what is said first, and then again and again. */
const DRAGGED: readonly (readonly [door: string, again: string, first?: string])[] = [
  ["chat", "!!\n"],
  ["chat", "\n"],
  ["chat", "/help\n"],
  ["chat, IRC", "PING x\r\n"],
  ["chat, IRC", "CAP LS 302\r\n"],
  ["chat, IRC", "PING x\r\n", "CAP LS 302\r\nNICK joe\r\nUSER j 0 * :j\r\n"],
  ["chat, IRC", "NICK !!\r\n"],
  ["chat, IRC", "UNKNOWN\r\n"],
  ["chat, IRC", "\r\n"],
  ["chat, web", "", `GET /chat HTTP/1.1\r\nHost: localhost\r\n${HANDSHAKE}\r\n`],
  ["records", '{"type":"info"}\n'],
  ["records", "no JSON\n"],
  ["records", "["],
  ["records", " "],
  ["calculator", "", ""],
  ...["editor, web", "chat, web", "inspector", "tracker"].map((name) =>
    [name, "a", "GET / HTTP/1.1\r\nX: "] as const
  ),
  ["editor, web", ""],
  ["inspector", "", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"],
  ["peer", " ", "ID:3"],
  ["peer", ""],
  ["sharing", "\0", "\x13BitTorrent protocol"],
  ["sharing", ""],
];

Deno.test("2: a first phase ends in its time at every door that has one, whatever it is dragged out with", async () => {
  await using directory = await tempDirectory();
  const limit = { CHAT_LOGIN_TIMEOUT_MS: "1000", CALCULATOR_LOGIN_TIMEOUT_MS: "1000" };
  await using all = await serveEveryDoor(directory, {
    env: { ...limit, RECORDS_LOGIN_TIMEOUT_MS: "1000", AUTH_TOKEN: "s3cret", MAX_CONNECTION: "20" },
  });
  const held = await Promise.all(DRAGGED.map(async ([name, again, first = ""]) => {
    using client = await all.connect(door(name));
    let isOver = false;
    const dragging = (async () => {
      await client.send(first).catch(() => {});
      while (!isOver) {
        await client.send(again).catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    })();
    const text = await client.rest().then((text) => text, () => "no end");
    isOver = true;
    await dragging;
    return text === "no end" ? `${name}, ${JSON.stringify(again)}` : undefined;
  }));
  assertEquals(held.filter((who) => who !== undefined), []);
});

/** Servers with TLS that the tests of each service leave out, how many doors each has, what opens them. */
const WITH_TLS: readonly (readonly [service: string, doors: number, flags: readonly string[]])[] = [
  ["editor", 2, ["--web-port", "0"]],
  ["chat", 3, ["--web-port", "0", "--irc-port", "0"]],
  ["knock", 1, []],
  ["calculator", 1, []],
];

Deno.test("2: who never shakes hands is gone in its time at every door with TLS, and gives its descriptor back", async () => {
  await using certificates = await tempDirectory();
  const { certFile, keyFile } = await makeCertificate(certificates);
  const tls = ["--tls-cert", certFile, "--tls-key", keyFile, "--handshake-timeout-ms", "1000"];
  await Promise.all(WITH_TLS.map(async ([service, doors, flags]) => {
    await using directory = await tempDirectory();
    await using server = await serve(service, directory, [...tls, ...flags, "--max-clients", "100"]);
    const ports = () =>
      new Set(
        [...server.process.stdout.matchAll(/(?:listening on \S*?:|port )(\d+)/g)].map(([, port]) => port),
      );
    await until(() => ports().size === doors, `the doors of ${service}`);
    const before = await sockets(server.process.pid);
    const all: TestClient[] = [];
    for (const port of ports()) {
      for (let client = 0; client < 10; client++) all.push(await TestClient.connect(Number(port)));
    }
    // Half of them begin to shake hands.
    await Promise.all(
      all.map((client, at) => at % 2 === 0 ? client.send(TLS_HELLO.subarray(0, 11)) : undefined),
    );
    await Promise.all(all.map((client) => client.closed()));
    await until(async () => await sockets(server.process.pid) <= before, `${service}'s descriptors`);
    for (const client of all) client.close();
    server.process.kill("SIGTERM");
    assertEquals((await server.process.ended()).code, 0);
  }));
});

/** What a page can make a browser send, in forms that the tests of each service do not have. */
const PAGES = [
  "\ufeffPOST / HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "M-SEARCH!#$%&'*+.^_`|~9 /x?y=z HTTP/1.1\r\n\r\n",
  "POST http://localhost:80/ HTTP/1.1\r\nContent-Type: text/plain\r\n\r\n",
];
/** TLS 1.2 and 1.3 greet with this, whatever comes after it. */
const TLS_HELLO = Uint8Array.of(0x16, 3, 3, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...Array(500).fill(0x61));
/** Then the lines that would do something, at any of the doors. */
const DEEDS = [
  '{"client_ID":"666","type":"write","data":"x"}',
  ...["SEND", "ID:3 \t", "Knock Knock..", "eve", "NICK eve", "USER eve 0 * :eve", "JOIN #lobby", ""],
].join("\r\n");

Deno.test("4: a browser's page does nothing at a door that is not for browsers, and a warning says so", async () => {
  await using directory = await tempDirectory();
  await using all = await serveEveryDoor(directory);
  const closed = DOORS.filter(({ speaks }) => speaks !== "anything" && speaks !== "http");
  for (const each of closed) {
    for (const page of [...PAGES.map((head) => head + DEEDS), TLS_HELLO]) {
      using client = await all.connect(each);
      await client.send(page).catch(() => {});
      assertEquals(await client.rest(), "", `${each.name}: ${JSON.stringify(page.slice(0, 30))}`);
    }
  }
  const expected = closed.length * (PAGES.length + 1);
  await until(
    () => count(all.said, /^\[WARN\] .*it speaks (HTTP|TLS)/gm) === expected,
    `${expected} warnings`,
  );
  assertEquals(await Deno.readTextFile(directory.file("temp.txt")), "");
  assertEquals(count(all.said, /SERVER RECEIVED|has logged in|client: 666/g), 0);
});

Deno.test("5: who comes back to the chat by IRC and by the web is heard as often as ten members, and logs in five times a second", async () => {
  await using directory = await tempDirectory();
  await using all = await serveEveryDoor(directory, { env: { CHAT_RATE: "1", CHAT_BURST: "2" } });
  using member = await all.connect(door("chat"));
  await member.send("ann\n");
  const heard: string[] = [];
  const listening = (async () => {
    for (let line; (line = await member.line().catch(() => null)) !== null;) heard.push(line);
  })();
  const started = performance.now();
  for (let round = 0; round < 40; round++) {
    using client = await all.connect(door(round % 2 === 0 ? "chat, IRC" : "chat, web"));
    if (round % 2 === 0) {
      await client.send(`NICK irc${round}\r\nUSER u 0 * :u\r\nJOIN #lobby\r\n`);
      await client.send("PRIVMSG #lobby :buy!\r\n".repeat(15) + "QUIT\r\n").catch(() => {});
    } else {
      await client.send(`GET /chat HTTP/1.1\r\nHost: localhost\r\n${HANDSHAKE}\r\n`);
      while (!["\r", null].includes(await client.line()));
      const said = JSON.stringify({ type: "say", room: "lobby", text: "buy!", action: false, tag: "t" });
      for (
        const text of [
          JSON.stringify({ type: "name", name: `web${round}` }),
          JSON.stringify({ type: "join", room: "lobby" }),
          ...Array(15).fill(said),
        ]
      ) await client.send(frame(text)).catch(() => {});
    }
    // It does not wait for what its rate holds back.
    await client.rest(100).catch(() => "");
  }
  const seconds = (performance.now() - started) / 1000;
  member.close();
  await listening;
  const said = heard.filter((line) => line.endsWith(": buy!")).length;
  const came = heard.filter((line) => line.endsWith("has joined the chat.")).length;
  assert(said > 0 && said <= 20 + 10 * (seconds + 1), `${said} lines in ${seconds} s`);
  assert(came > 0 && came <= 20 + 5 * (seconds + 1), `${came} logins in ${seconds} s`);
});

/** A text message of a WebSocket's client, masked with zeros. */
function frame(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return Uint8Array.of(0x81, 0x80 | bytes.length, 0, 0, 0, 0, ...bytes);
}

Deno.test("8: where a door is full who comes is told so in its own protocol, and SIGHUP drains all", async () => {
  await using directory = await tempDirectory();
  await using all = await serveEveryDoor(directory, {
    env: { CHAT_MAX_CLIENTS: "2" },
    peerFlags: ["--max-clients", "2"],
  });
  for (const name of ["chat", "chat, IRC", "chat, web", "peer"]) {
    const first = await Promise.all([1, 2].map(() => all.connect(door(name))));
    await until(async () => {
      using next = await all.connect(door(name));
      return (await next.line(300).catch(() => "") ?? "").match(/is full|^HTTP\/1.1 503 /) !== null;
    }, `${name} to be full`);
    for (const client of first) client.close();
  }
  for (const process of [all.start, all.peer]) {
    process.kill("SIGHUP");
    const { code, stdout } = await process.ended();
    assertEquals([code, stdout.endsWith("Server shut down.\n")], [0, true]);
  }
});

/** What would break a line of a log, or hide in it, or turn it round. */
const HOSTILE =
  "a\u0085b\u2028c\u2029d\u202ee\u2066f\u200bg\u009b31mh\u001b[2Ji\u{e0041}j\u007fk\u0007l\u180em";
/** Nothing of this is ever in a log; line ends are between its lines. */
const HIDDEN = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\u180e\u{e0041}]/u;

/** What is said at a door so that it gets into the log. */
function hostileTalk({ speaks }: Door): string {
  const page = (path: string) =>
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nOrigin: http://${HOSTILE}\r\n${HANDSHAKE}\r\n`;
  switch (speaks) {
    case "http":
      return page(`/${encodeURIComponent(HOSTILE)}`) + `GET /${HOSTILE} HTTP/1.1\r\nHost: ${HOSTILE}\r\n\r\n`;
    case "irc":
      return `NICK ${HOSTILE}\r\nNICK eve\r\nUSER ${HOSTILE} 0 * :${HOSTILE}\r\nJOIN #${HOSTILE}\r\nPRIVMSG #lobby :${HOSTILE}\r\nQUIT :${HOSTILE}\r\n`;
    case "json":
      return `${JSON.stringify({ client_ID: HOSTILE, type: HOSTILE, data: HOSTILE })}\n` +
        `${JSON.stringify({ client_ID: "1", type: "write", data: HOSTILE })}\n${HOSTILE}\n`;
    case "peers":
      return `ID:${HOSTILE}\n`;
    case "swarm":
      return `\x13BitTorrent protocol${HOSTILE}`;
    default:
      return `${HOSTILE}\n${HOSTILE}\nGET ${HOSTILE} HTTP/1.1\r\n\r\n`;
  }
}

for (const format of ["text", "json"]) {
  Deno.test(`10: what strangers send at any door is visible in the log, a line stays one line (${format})`, async () => {
    await using directory = await tempDirectory();
    const logging = ["--log-level", "debug", "--log-format", format];
    // A file name is a stranger's text, too: whoever may put files into the folder is not who reads the log.
    await Deno.mkdir(directory.file("Node1"));
    await Deno.writeTextFile(directory.file(`Node1/${HOSTILE}.txt`), "x");
    await using all = await serveEveryDoor(directory, { flags: logging, peerFlags: logging });
    for (const each of DOORS) {
      using client = await all.connect(each);
      await client.send(hostileTalk(each)).catch(() => {});
      await client.closeWrite().catch(() => {});
      await client.rest().catch(() => "");
    }
    for (const line of Object.values(DATAGRAMS)) await askDatagram(all.port(line), HOSTILE);
    for (const process of [all.start, all.peer]) {
      process.kill("SIGTERM");
      assertEquals((await process.ended()).code, 0);
    }
    for (const text of all.said.split("\n")) {
      assert(!HIDDEN.test(text), JSON.stringify(text));
      if (format === "json" && text !== "") assertEquals(typeof JSON.parse(text).msg, "string");
    }
    // It was there to be seen.
    assert(count(all.said, /<U\+2028>/g) >= 8, `${count(all.said, /<U\+2028>/g)} lines with it`);
  });
}
