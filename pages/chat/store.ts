/// <reference lib="dom" />
/** The state of the page, and what its user does to it. */
import { isRoomTextName, ROOM_TEXT_NAMES } from "../../protocols/chat_texts.ts";
import { type ChatWebCommand, SLOW_DOWN } from "../../protocols/chat_web.ts";
import { ChatConnection } from "./connection.ts";
import {
  type ChatState,
  disconnected,
  EMPTY,
  isTooFast,
  openPerson,
  type Pending,
  sending,
  shown,
  told,
  TOO_FAST,
} from "./state.ts";

/** What the user typed that is not said. */
const COMMAND = new RegExp(
  `^/(join|leave|me|msg|nick|away|kick|rooms|${ROOM_TEXT_NAMES.join("|")})(?:\\s+(.*))?$`,
  "s",
);

/** Milliseconds until a join that was too fast is asked for again. */
const REJOIN_MS = 500;
/** Milliseconds until what was said too fast is said again. */
const SAY_AGAIN_MS = 200;
/** Milliseconds after which what was said keeps back the next no longer, should it never be answered. */
const ANSWER_MS = 5000;

/** The one place where the state changes. */
export class ChatStore {
  state: ChatState = EMPTY;
  readonly #changed: (state: ChatState) => void;
  readonly #connection: ChatConnection;
  /** The name and the rooms to come back with. */
  #wantedName = localStorage.getItem("chat-name") ?? "";
  #tags = 0;
  /** Whether the server has given a name since it was connected: the next one is a new name alone. */
  #isNamed = false;
  /** Joins of the rooms to come back into, the first of them under way: together they would be too fast. */
  #toJoin: ChatWebCommand[] = [];
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** What is to be said, by tag, the first under way: so it keeps its order, also when it is too fast. */
  #toSay: string[] = [];
  #sayTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(changed: (state: ChatState) => void) {
    this.#changed = changed;
    this.#connection = new ChatConnection({
      opened: () => this.#opened(),
      event: (event) => {
        const isAgain = isTooFast(this.state, event);
        this.#set(told(this.state, event, Date.now()));
        if ("tag" in event && event.tag === this.#toSay[0]) this.#answered(isAgain);
        if (event.type === "named") this.#named(event.name);
        if (event.type === "room") {
          this.#sayAgain(`#${event.room}`);
          this.#joined();
        }
        if (event.type === "refused" && event.command === "join") this.#joinRefused(event.reason);
      },
      lost: () => {
        clearTimeout(this.#retry);
        clearTimeout(this.#sayTimer);
        this.#toSay = [];
        this.#isNamed = false;
        this.#toJoin = [];
        this.#set(disconnected(this.state));
      },
    });
  }

  /** Asks for a name. */
  logIn(name: string): void {
    this.#wantedName = name;
    this.#set({ ...this.state, problem: "" });
    this.#connection.send({ type: "name", name });
  }

  /** Goes into a room. */
  join(room: string): void {
    const key = `#${room}`;
    if (this.state.conversations.has(key)) return this.show(key);
    this.#set({ ...this.state, active: "", problem: "" });
    this.#connection.send({ type: "join", room });
  }

  /** Leaves a room, or closes the messages of a person. */
  leave(key: string): void {
    const conversation = this.state.conversations.get(key);
    if (conversation?.kind === "room") this.#connection.send({ type: "leave", room: conversation.title });
    else {
      const conversations = new Map(this.state.conversations);
      conversations.delete(key);
      const [first = ""] = conversations.keys();
      this.#set({ ...this.state, conversations, active: first });
    }
  }

  show(key: string): void {
    this.#set(shown(this.state, key));
  }

  talkTo(name: string): void {
    if (name !== this.state.name) this.#set(openPerson(this.state, name));
  }

  askRooms(): void {
    this.#connection.send({ type: "rooms" });
  }

  /** Says what was typed, or does what it says. */
  typed(text: string): void {
    const [, command, rest = ""] = COMMAND.exec(text) ?? [];
    const active = this.state.conversations.get(this.state.active);
    const room = active?.kind === "room" ? active.title : "";
    switch (command) {
      case undefined:
        return this.#say(text.startsWith("//") ? text.slice(1) : text, false);
      case "me":
        return this.#say(rest, true);
      case "join":
        return this.join(rest.trim());
      case "leave":
        return this.leave(this.state.active);
      case "nick":
        return this.#connection.send({ type: "name", name: rest.trim() });
      case "away":
        return this.#connection.send({ type: "away", text: rest });
      case "kick":
        return this.#connection.send({ type: "kick", room, name: rest.trim() });
      case "rooms":
        return this.askRooms();
      case "msg": {
        const [, to = "", said = ""] = /^(\S+)\s+(.*)$/s.exec(rest) ?? [];
        if (to === "") return;
        this.talkTo(to);
        return this.#say(said, false);
      }
      default:
        if (isRoomTextName(command)) this.#connection.send({ type: command, room, text: rest });
    }
  }

  #say(text: string, action: boolean): void {
    if (text.trim() === "" || this.state.active === "") return;
    const pending: Pending = {
      tag: `t${++this.#tags}`,
      conversation: this.state.active,
      text: text.trim(),
      action,
    };
    this.#set(sending({ ...this.state, problem: "" }, pending));
    if (!this.#isOnItsWay(pending.conversation)) this.#enqueue(pending.tag);
  }

  /** The page is on its way back there: all that is pending is said once it is in. */
  #isOnItsWay(conversation: string): boolean {
    return !this.#isNamed ||
      this.#toJoin.some((command) => command.type === "join" && `#${command.room}` === conversation);
  }

  #enqueue(tag: string): void {
    if (this.#toSay.push(tag) === 1) this.#sayFirst();
  }

  #sayFirst(): void {
    const [tag] = this.#toSay;
    const pending = this.state.pending.find((one) => one.tag === tag);
    clearTimeout(this.#sayTimer);
    if (pending === undefined) return this.#sayNext();
    this.#send(pending);
    this.#sayTimer = setTimeout(() => this.#sayNext(), ANSWER_MS);
  }

  #sayNext(): void {
    if (this.#toSay.shift() !== undefined && this.#toSay.length > 0) this.#sayFirst();
  }

  #answered(isAgain: boolean): void {
    clearTimeout(this.#sayTimer);
    if (isAgain) this.#sayTimer = setTimeout(() => this.#sayFirst(), SAY_AGAIN_MS);
    else {
      this.#sayNext();
      if (this.#toSay.length === 0 && this.state.problem === TOO_FAST) {
        this.#set({ ...this.state, problem: "" });
      }
    }
  }

  #send({ tag, conversation, text, action }: Pending): void {
    const title = conversation.slice(1);
    if (conversation.startsWith("#")) this.#connection.send({ type: "say", room: title, text, action, tag });
    else this.#connection.send({ type: "private", to: title, text, tag });
  }

  #opened(): void {
    this.#set({ ...this.state, isConnected: true, problem: "" });
    if (this.#wantedName !== "") this.#connection.send({ type: "name", name: this.#wantedName });
  }

  #named(name: string): void {
    this.#wantedName = name;
    localStorage.setItem("chat-name", name);
    if (this.#isNamed) return;
    this.#isNamed = true;
    const isBack = this.state.conversations.size > 0;
    const rooms = [...this.state.conversations.values()].filter(({ kind }) => kind === "room");
    this.#toJoin = rooms.map(({ title, lastId }) => ({
      ...{ type: "join", room: title },
      ...(lastId === undefined ? {} : { after: lastId }),
    }));
    if (!isBack) this.#toJoin.push({ type: "join", room: "lobby" });
    this.#joinNext();
    for (const { tag, conversation } of this.state.pending) {
      if (conversation.startsWith("@")) this.#enqueue(tag);
    }
    this.askRooms();
  }

  #joinNext(): void {
    const [command] = this.#toJoin;
    if (command !== undefined) this.#connection.send(command);
  }

  #joined(): void {
    if (this.#toJoin.shift() !== undefined) this.#joinNext();
  }

  /** Too fast is asked again in a moment; what is refused for another reason is not. */
  #joinRefused(reason: string): void {
    if (reason !== SLOW_DOWN) return this.#joined();
    if (this.#toJoin.length === 0) return;
    this.#set({ ...this.state, problem: "" });
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#joinNext(), REJOIN_MS);
  }

  /** What was under way when the connection was lost, and what the server does not have. */
  #sayAgain(key: string): void {
    for (const { tag, conversation } of this.state.pending) if (conversation === key) this.#enqueue(tag);
  }

  #set(state: ChatState): void {
    this.state = state;
    this.#changed(state);
  }
}
