/**
 * What strangers say: as in `tests/faults/every_door_test.ts`, for the simulated machine.
 *
 * @module
 */
import { HOUSE, type SimDoor, type SimDoorName, TOKEN } from "./_strangers_house.ts";

/** Opens a WebSocket. */
export function upgrade(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${HOUSE}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
}

/** A first phase that is dragged out: what is said first, and then again and again. */
export interface Dragged {
  readonly door: SimDoorName;
  readonly again: string;
  readonly first?: string;
}

/** A ping of a WebSocket's client, masked with zeros. */
const PING = "\x09\x00\x00\x00\x00\x00";

/** All of them. */
export const dragged: readonly Dragged[] = [
  // No half of them may be a name: the chat takes a line that does not go on for as long as a whole one.
  ...["!!\n", "\n", "/?\n", "\r\n\r\n"].map((again) => ({ door: "chat", again }) as const),
  ...["PING x\r\n", "CAP LS 302\r\n", "NICK !!\r\n", "UNKNOWN\r\n", "\r\n", "NICK"].map((again) =>
    ({ door: "chat, IRC", again }) as const
  ),
  { door: "chat, IRC", again: "PING x\r\n", first: "CAP LS 302\r\nNICK joe\r\nUSER j 0 * :j\r\n" },
  { door: "chat, web", again: "", first: upgrade("/chat") },
  { door: "chat, web", again: PING, first: upgrade("/chat") },
  ...['{"type":"info"}\n', "no JSON\n", "[", " ", '{"type":"auth","data":"'].map((again) =>
    ({ door: "records", again }) as const
  ),
  { door: "calculator", again: "" },
  ...(["editor, web", "chat, web", "tracker"] as const).flatMap((door) => [
    { door, again: "a", first: "GET / HTTP/1.1\r\nX: " },
    { door, again: "X: y\r\n", first: "GET / HTTP/1.1\r\n" },
    { door, again: "" },
  ]),
  { door: "editor, web", again: "", first: `GET /healthz HTTP/1.1\r\nHost: ${HOUSE}\r\n\r\n` },
  { door: "peer", again: " ", first: "ID:3" },
  { door: "peer", again: "", first: "SEN" },
  { door: "peer", again: "" },
  { door: "sharing", again: "\0", first: "\x13BitTorrent protocol" },
  { door: "sharing", again: "" },
];

/** What a page can make a browser send. */
export const PAGES: readonly string[] = [
  `POST / HTTP/1.1\r\nHost: ${HOUSE}\r\nContent-Type: text/plain\r\n\r\n`,
  `\ufeffPOST / HTTP/1.1\r\nHost: ${HOUSE}\r\n\r\n`,
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "M-SEARCH!#$%&'*+.^_`|~9 /x?y=z HTTP/1.1\r\n\r\n",
];

/** The beginning of any TLS stream. */
export const TLS_HELLO: Uint8Array = Uint8Array.of(
  0x16,
  3,
  1,
  2,
  0,
  1,
  0,
  1,
  0xfc,
  3,
  3,
  ...Array(500).fill(0x61),
);

/** A name that nobody else has, in whatever a page says. */
export const DEED = "eve-of-the-page";

/** The lines that would do something, at any of the doors. */
export const DEEDS: string = [
  `{"type":"auth","data":"${TOKEN}"}`,
  `{"client_ID":"666","type":"write","data":"${DEED}"}`,
  ...[
    "SEND",
    "ID:3 \t",
    DEED,
    `NICK ${DEED}`,
    `USER ${DEED} 0 * :e`,
    "JOIN #lobby",
    `PRIVMSG #lobby :${DEED}`,
  ],
  "",
].join("\r\n");

/** What is said after a byte order mark, and what shows, there or in the log, that it is understood. */
export const MARKED: readonly {
  readonly door: SimDoorName;
  readonly says: string;
  readonly hears: RegExp;
}[] = [
  { door: "chat", says: "marked\n", hears: /\] marked has logged in/ },
  { door: "records", says: `{"type":"auth","data":"${TOKEN}"}\n`, hears: /"success"/ },
  { door: "calculator", says: "Marked\n1 + 1\n", hears: /^SERVER RECEIVED: Marked$/ },
  { door: "knock", says: "Knock Knock, marked\n", hears: /^SERVER RECEIVED: Knock Knock, marked$/ },
  { door: "editor", says: "a marked line\n", hears: /from client \S+: a marked line$/ },
];

/** What would break a line of a log, or hide in it, or turn it round. */
export const HOSTILE =
  "a\u0085b\u2028c\u2029d\u202ee\u2066f\u200bg\u009b31mh\u001b[2Ji\u{e0041}j\u007fk\u0007l\u180em";

/** Nothing of this is ever in a line of a log. */
export const HIDDEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\u180e\u{e0041}]/u;

/** What is said at a door so that it gets into the log. */
export function hostileTalk(speaks: SimDoor["speaks"]): string {
  switch (speaks) {
    case "http":
      return `GET /${HOSTILE} HTTP/1.1\r\nHost: ${HOUSE}\r\nOrigin: http://${HOSTILE}\r\n\r\n`;
    case "json":
      return `{"client_ID":"${HOSTILE}","type":"${HOSTILE}"}\n{"type":"auth","data":"${HOSTILE}"}\n${HOSTILE}\n`;
    case "irc":
      return `NICK ${HOSTILE}\r\nUSER ${HOSTILE} 0 * :${HOSTILE}\r\nNICK i${HOSTILE}\r\n${HOSTILE} ${HOSTILE}\r\n`;
    case "peers":
      return `ID:3 \t\n${HOSTILE}\n`;
    case "swarm":
      return `\x13BitTorrent protocol${HOSTILE}`;
    default:
      return `${HOSTILE}\n${HOSTILE}\nGET ${HOSTILE} HTTP/1.1\r\n\r\n`;
  }
}
