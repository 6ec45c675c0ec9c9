/**
 * How a member of the chat's campaign speaks at each door, and what it hears there, in the words of the line
 * door.
 *
 * @module
 */
import { webSocketDialer } from "../../actors/net/mod.ts";
import { ActorSystem } from "../../mod.ts";
import { type ChatWebEvent, parseChatWebCommand } from "../../protocols/chat_web.ts";
import { parseIrcMessage } from "../../protocols/irc.ts";
import type { World } from "../../actors/world/sim/mod.ts";
import { type ClientSession, LineClient } from "./_harness.ts";

/** The ports of the doors. */
export const DOORS = { line: 5000, irc: 6667, web: 8089 } as const;

/** Somebody who connects, and again when the connection is lost. */
export interface ChatCaller {
  readonly sessions: readonly ClientSession[];
  readonly isConnected: boolean;
  send(line: string): void;
}

/** One door's way of speaking. */
export interface Dialect {
  readonly connect: (world: World, hostname: string) => ChatCaller;
  readonly logIn: (name: string) => readonly string[];
  /** What is sent to go into the room, once a line says that the member has its name. */
  readonly enter?: { readonly after: (line: string) => boolean; readonly line: string };
  /** What is sent where the room that one goes into by logging in could not be gone into. */
  readonly enterAgain?: readonly string[];
  readonly say: (text: string) => string;
  readonly quit: string;
  /** A line that says that the member is in the room. */
  readonly isIn: (line: string) => boolean;
  /** A line that comes once for each log-in that was refused. */
  readonly isRefused: (line: string) => boolean;
  /** What a line tells, as the line door has it; what tells nothing stays as it is. */
  readonly translate: (line: string) => string;
}

/** The line door. */
export const LINE: Dialect = {
  connect: (world, hostname) => new LineClient(world, { hostname, port: DOORS.line, probe: "/who" }),
  logIn: (name) => [name, "/who"],
  enterAgain: ["/join lobby", "/who"],
  say: (text) => text,
  quit: "quit",
  isIn: (line) => line.startsWith("In lobby:"),
  // `/who` is no name: its refusal is the answer to the last of both lines.
  isRefused: (line) => line.startsWith('Error: Cannot log in: "/who"'),
  translate: (line) => line,
};

/** The IRC door. */
export const IRC: Dialect = {
  connect: (world, hostname) => new LineClient(world, { hostname, port: DOORS.irc, probe: "PING alive" }),
  logIn: (name) => [`NICK ${name}`, `USER ${name} 0 * :${name}`],
  // Many came back from its address: the welcome may come late.
  enter: { after: (line) => / 001 /.test(line), line: "JOIN #lobby" },
  say: (text) => `PRIVMSG #lobby :${text}`,
  quit: "QUIT",
  isIn: (line) => / 366 \S+ #lobby /.test(line),
  isRefused: (line) => /^\S+ 433 /.test(line),
  translate(line) {
    const message = parseIrcMessage(line.replace(/\r$/, ""));
    const [name = ""] = message?.source?.split("!") ?? [];
    switch (message?.command) {
      case "PRIVMSG":
        return `${name}: ${message.params[1] ?? ""}`;
      case "JOIN":
        return `${name} has joined the chat.`;
      case "PART":
      case "QUIT":
        return `${name} has left the chat.`;
      default:
        return line;
    }
  },
};

/** The page's door. */
export const WEB: Dialect = {
  connect: (world, hostname) => new WebCaller(world, hostname),
  logIn: (name) => [JSON.stringify({ type: "name", name })],
  enter: {
    after: (line) => line.startsWith('{"type":"named"'),
    line: JSON.stringify({ type: "join", room: "lobby" }),
  },
  say: (text) => JSON.stringify({ type: "say", room: "lobby", text, action: false, tag: text }),
  quit: "close",
  isIn: (line) => line.startsWith('{"type":"room"'),
  isRefused: (line) => line.startsWith('{"type":"refused","command":"name"'),
  translate(line) {
    const event: ChatWebEvent = JSON.parse(line);
    switch (event.type) {
      case "said":
        return `${event.said.name}: ${event.said.text}`;
      case "joined":
        return `${event.member.name} has joined the chat.`;
      case "left":
        return `${event.name} has left the chat.`;
      default:
        return line;
    }
  },
};

/** A page's WebSocket, with what came on it. */
class WebCaller implements ChatCaller {
  readonly sessions: ClientSession[] = [];
  #socket: { readonly send: (text: string) => void; readonly close: () => void } | undefined;

  constructor(world: World, hostname: string) {
    const url = `ws://${hostname}:${DOORS.web}/chat`;
    new ActorSystem("page", { world }).spawn(
      "socket",
      webSocketDialer({
        url,
        headers: { origin: `http://${hostname}:${DOORS.web}` },
        reconnect: { minMs: 20, maxMs: 200, jitter: 0.5 },
        handshakeTimeoutMs: 1000,
        pingIntervalMs: 700,
        session: (connection) => {
          const session: ClientSession = { sent: [], received: [] };
          this.sessions.push(session);
          const socket = {
            send: (text: string) => connection.sendText(text),
            close: () => connection.close(1000, "bye"),
          };
          this.#socket = socket;
          return {
            frame: (message) => {
              if (typeof message === "string") session.received.push(message);
            },
            closed: () => {
              if (this.#socket === socket) this.#socket = undefined;
            },
          };
        },
      }),
    );
  }

  get isConnected(): boolean {
    return this.#socket !== undefined;
  }

  send(line: string): void {
    if (this.#socket === undefined) return;
    this.sessions.at(-1)?.sent.push(line);
    if (parseChatWebCommand(line) === null) this.#socket.close();
    else this.#socket.send(line);
  }
}
