/**
 * One member of the chat: the session of its connection.
 *
 * @module
 */
import {
  CHAT_HELP,
  type ChatInput,
  formatList,
  formatPrivateMessage,
  LOBBY,
  LOGIN_REFUSED,
  parseChatInput,
  SLOW_DOWN,
} from "../../protocols/chat.ts";
import { type BadChatName, type ChatName, parseChatName } from "../../protocols/chat_names.ts";
import { TokenBucket, type TokenBucketOptions } from "../../protocols/token_bucket.ts";
import type { Connection, Session, SessionFactory } from "../net/mod.ts";
import { assertNever, type Ref } from "../runtime/mod.ts";
import type { Cancellable } from "../world/world.ts";
import type { JoinedRoom, MemberMessage, RoomsCommand, SpokenEvent } from "./messages.ts";
import type { NamesCommand } from "./names.ts";

/** Options of {@linkcode member}. */
export interface MemberOptions {
  readonly names: Ref<NamesCommand>;
  readonly rooms: Ref<RoomsCommand>;
  /** How fast the member may send lines. */
  readonly rate: TokenBucketOptions;
}

/** Milliseconds that the other actors may take to answer. A room may wait for its history's disk first. */
const ANSWER_TIMEOUT_MS = 15_000;
/** Text that may wait in the room before the member is read no further, and before it is read again, in UTF-16 units. */
const MAX_LENGTH_UNDER_WAY = 64 * 1024;
const RESUME_LENGTH_UNDER_WAY = 32 * 1024;
/** What a line counts for beside its text. */
const LINE_LENGTH = 256;
/** The most that one `/history` may send: it must not fill the member's queue. */
const MAX_HISTORY_BYTES = 256 * 1024;

const encoder = new TextEncoder();

/** Makes the session of one member's connection. */
export function member(options: MemberOptions): SessionFactory<string, MemberMessage> {
  return (connection) => new MemberSession(connection, options);
}

class MemberSession implements Session<string, MemberMessage> {
  readonly #connection: Connection<MemberMessage>;
  readonly #options: MemberOptions;
  readonly #bucket: TokenBucket;
  #tooFast = false;
  #name: string | undefined;
  #joined: JoinedRoom | undefined;
  #watchingRoom: Cancellable | undefined;
  #lengthUnderWay = 0;
  #paused = false;
  #gone = false;

  constructor(connection: Connection<MemberMessage>, options: MemberOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#bucket = new TokenBucket(options.rate, connection.context.coarseNow);
    connection.context.log.plain(`${connection.remote} has connected`);
  }

  frame(line: string): void | Promise<void> {
    if (this.#gone) return;
    if (!this.#bucket.take(this.#connection.context.coarseNow)) {
      // Said once for each time of it: an answer to every line would be a flood of our own.
      if (!this.#tooFast) this.#send(SLOW_DOWN);
      this.#tooFast = true;
      // Who wants to go may.
      return parseChatInput(line).type === "quit" ? this.#quit() : undefined;
    }
    this.#tooFast = false;
    return this.#name === undefined ? this.#logIn(line) : this.#obey(parseChatInput(line), this.#name);
  }

  message(message: MemberMessage): void | Promise<void> {
    switch (message.type) {
      case "line":
        this.#connection.send(message.bytes);
        return;
      case "passed-on":
        // Never below none: a line of a room that failed may be answered after all.
        return this.#setUnderWay(Math.max(0, this.#lengthUnderWay - message.length - LINE_LENGTH));
      case "room-failed":
        return this.#goBackIn(message);
      default:
        assertNever(message);
    }
  }

  draining(): void {
    this.#send("The server is shutting down.");
    // Everybody goes: that each has left is no news to the others.
    this.#leave({ quietly: true });
  }

  closed(): void {
    this.#leave({ quietly: false });
  }

  async #logIn(line: string): Promise<void> {
    if (parseChatInput(line).type === "quit") return this.#quit();
    const name = parseChatName(line);
    if ("problem" in name) {
      this.#send(`${LOGIN_REFUSED}: ${name.problem}`);
      return;
    }
    const { self, context } = this.#connection;
    const { names } = this.#options;
    const ours = await names.ask<boolean>(
      (replyTo) => ({ type: "claim", name, member: self, replyTo }),
      { timeoutMs: ANSWER_TIMEOUT_MS },
    );
    if (!ours) {
      this.#send(`${LOGIN_REFUSED}: ${name.text} is taken, or looks like a name that is`);
      return;
    }
    if (this.#gone) return names.tell({ type: "release", member: self });
    this.#name = name.text;
    context.log.info(`${name.text} has logged in`, { client: this.#connection.remote });
    const lobby = parseChatName(LOBBY);
    if ("keys" in lobby) await this.#goTo(lobby, name.text, { quietly: false });
  }

  /** Most lines are said, and cost no promise. */
  #obey(input: ChatInput, name: string): void | Promise<void> {
    switch (input.type) {
      case "empty":
        return;
      case "say":
        return this.#say({ type: "said", name, text: input.text });
      case "me":
        return this.#say({ type: "did", name, text: input.text });
      case "msg":
        return this.#tellOne(name, input.to, input.text);
      case "join":
        return this.#join(input.room, name);
      case "who":
        return this.#who();
      case "rooms":
        return this.#listRooms();
      case "history":
        return this.#history(input.lines);
      case "help":
        return this.#send(...CHAT_HELP);
      case "quit":
        return this.#quit();
      case "bad":
        return this.#send(`Error: ${input.problem}`);
      default:
        assertNever(input);
    }
  }

  #say(event: SpokenEvent): void {
    if (this.#joined === undefined) return;
    this.#joined.room.tell({ type: "say", member: this.#connection.self, event });
    this.#setUnderWay(this.#lengthUnderWay + event.text.length + LINE_LENGTH);
  }

  /** A room that is behind (its history's disk is slow) slows down those who write, and not those who read. */
  #setUnderWay(length: number): void {
    this.#lengthUnderWay = length;
    if (!this.#paused && length >= MAX_LENGTH_UNDER_WAY) {
      this.#paused = true;
      this.#connection.pause();
    } else if (this.#paused && length <= RESUME_LENGTH_UNDER_WAY) {
      this.#paused = false;
      this.#connection.resume();
    }
  }

  async #tellOne(from: string, to: string, text: string): Promise<void> {
    const name = parseChatName(to);
    if ("problem" in name) return this.#send(`Error: Cannot send to that name: ${name.problem}`);
    const found = await this.#options.names.ask<Ref<MemberMessage> | undefined>(
      (replyTo) => ({ type: "find", name, replyTo }),
      { timeoutMs: ANSWER_TIMEOUT_MS },
    );
    if (found === undefined) return this.#send(`Error: Cannot send to ${name.text}: nobody has that name`);
    found.tell({ type: "line", bytes: encoder.encode(`${formatPrivateMessage(from, text)}\n`) });
  }

  async #join(typed: string, name: string): Promise<void> {
    const room = parseChatName(typed);
    if ("problem" in room) return this.#send(`Error: Cannot join that room: ${room.problem}`);
    if (this.#joined !== undefined && sameName(room, parseChatName(this.#joined.title))) {
      return this.#send(`You are in ${this.#joined.title} already.`);
    }
    this.#leaveRoom({ quietly: false });
    const title = await this.#goTo(room, name, { quietly: false });
    this.#send(`You are in ${title} now.`);
  }

  async #goTo(room: ChatName, name: string, options: { readonly quietly: boolean }): Promise<string> {
    const { self, context } = this.#connection;
    const joined = await this.#options.rooms.ask<JoinedRoom>(
      (replyTo) => ({ type: "join", room, member: self, name, ...options, replyTo }),
      { timeoutMs: ANSWER_TIMEOUT_MS },
    );
    if (this.#gone) {
      // It went while the door was opened.
      joined.room.tell({ type: "leave", member: self, quietly: false });
      return joined.title;
    }
    this.#joined = joined;
    this.#watchingRoom = context.watch(joined.room, () => ({ type: "room-failed", room: joined.room }));
    return joined.title;
  }

  async #goBackIn(message: Extract<MemberMessage, { readonly type: "room-failed" }>): Promise<void> {
    if (this.#gone || this.#name === undefined || this.#joined?.room !== message.room) return;
    const room = parseChatName(this.#joined.title);
    this.#forgetRoom();
    // What was under way to it is answered by nobody.
    this.#setUnderWay(0);
    if ("keys" in room) await this.#goTo(room, this.#name, { quietly: true });
  }

  async #who(): Promise<void> {
    if (this.#joined === undefined) return;
    const { room, title } = this.#joined;
    const members = await room.ask<readonly string[]>(
      (replyTo) => ({ type: "who", replyTo }),
      { timeoutMs: ANSWER_TIMEOUT_MS },
    );
    this.#send(...formatList(`In ${title}`, members));
  }

  async #listRooms(): Promise<void> {
    const rooms = await this.#options.rooms.ask<
      readonly { readonly title: string; readonly members: number }[]
    >(
      (replyTo) => ({ type: "list", replyTo }),
      { timeoutMs: ANSWER_TIMEOUT_MS },
    );
    this.#send(...formatList("Open rooms", rooms.map(({ title, members }) => `${title} (${members})`)));
  }

  async #history(lines: number): Promise<void> {
    if (this.#joined === undefined) return;
    const { room, title } = this.#joined;
    const last = await room.ask<readonly string[]>(
      (replyTo) => ({ type: "history", lines, replyTo }),
      { timeoutMs: ANSWER_TIMEOUT_MS },
    );
    const fitting: string[] = [];
    let bytes = 0;
    for (const line of last.toReversed()) {
      bytes += encoder.encode(line).length + 1;
      if (bytes > MAX_HISTORY_BYTES) break;
      fitting.unshift(line);
    }
    this.#send(historyTitle(title, fitting.length), ...fitting);
  }

  #quit(): void {
    this.#leave({ quietly: false });
    this.#connection.end();
  }

  #leave(options: { readonly quietly: boolean }): void {
    if (this.#gone) return;
    this.#gone = true;
    // The room first: who takes the name next must find its former owner gone.
    this.#leaveRoom(options);
    if (this.#name !== undefined) {
      this.#options.names.tell({ type: "release", member: this.#connection.self });
    }
  }

  #leaveRoom(options: { readonly quietly: boolean }): void {
    this.#joined?.room.tell({ type: "leave", member: this.#connection.self, ...options });
    this.#forgetRoom();
  }

  #forgetRoom(): void {
    this.#watchingRoom?.cancel();
    this.#watchingRoom = undefined;
    this.#joined = undefined;
  }

  #send(...lines: string[]): void {
    this.#connection.sendText(lines.map((line) => `${line}\n`).join(""));
  }
}

function sameName(one: ChatName, other: ChatName | BadChatName): boolean {
  return "keys" in other && one.keys.some((key) => other.keys.includes(key));
}

function historyTitle(room: string, lines: number): string {
  if (lines === 0) return `Nothing was said in ${room} yet.`;
  return lines === 1 ? `The last line of ${room}:` : `The last ${lines} lines of ${room}:`;
}
