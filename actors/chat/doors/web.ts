/**
 * The door of the chat's page: JSON events over a WebSocket. A member may be in many rooms.
 *
 * @module
 */
import { MAX_HISTORY_LINES } from "../../../protocols/chat.ts";
import { type ChatName, parseChatName } from "../../../protocols/chat_names.ts";
import { isAboutText, ofEachText, type RoomTextName } from "../../../protocols/chat_texts.ts";
import {
  type ChatWebCommand,
  type ChatWebEvent,
  type ChatWebMember,
  type ChatWebSaid,
  parseChatWebCommand,
  SLOW_DOWN,
} from "../../../protocols/chat_web.ts";
import { truncateBytes, withoutFormatting } from "../../../protocols/irc.ts";
import { visibleText } from "../../../protocols/visible_text.ts";
import {
  type CloseReason,
  type Route,
  type Session,
  type StaticFiles,
  staticRoute,
  type WebSocketConnection,
  type WebSocketMessage,
} from "../../net/mod.ts";
import { assertNever } from "../../runtime/mod.ts";
import { type ChatServices, Member, type MemberDoor } from "../member.ts";
import { type MessageIds, messageIds } from "../message_ids.ts";
import type { HistoryEntry, HistoryQuery } from "../history_entry.ts";
import type {
  Answer,
  Asker,
  EventCodec,
  MemberMessage,
  Person,
  PrivateMessage,
  RoomCommand,
  RoomEvent,
  RoomMember,
  RoomView,
  Talk,
} from "../messages.ts";
import { DoorClient } from "./door_client.ts";
import { CUT_OFF_TEXTS, REFUSAL_TEXTS } from "./refusal_texts.ts";

/** The most rooms that one page is in at once. */
const MAX_ROOMS = 50;
/** The longest text of one message, in bytes. */
const MAX_TEXT_BYTES = 4096;
/** A WebSocket message over it ends the connection. */
const MAX_MESSAGE_BYTES = 65_536;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NOTHING = new Uint8Array();

/** The page at `/`, and its WebSocket at `/chat`. */
export function webRoutes(services: ChatServices, pages: StaticFiles | undefined): Route<MemberMessage>[] {
  return [
    {
      path: "/chat",
      webSocket: (connection) => new WebSession(connection, services),
      maxMessageBytes: MAX_MESSAGE_BYTES,
    },
    ...(pages === undefined ? [] : [staticRoute("/*", pages)]),
  ];
}

/** What each page reads of an event that is somebody else's. */
const JSON_EVENTS: EventCodec = {
  encode(event: RoomEvent): Uint8Array {
    const told = webEvent(event);
    return told === null ? NOTHING : encoder.encode(JSON.stringify(told));
  },
};

function webEvent({ happening, room: { title: room }, id, timeMs: time }: RoomEvent): ChatWebEvent | null {
  const name = happening.person.name.text;
  switch (happening.type) {
    case "joined": {
      const member = { name, operator: happening.isOperator, away: happening.away !== undefined };
      return { type: "joined", room, member };
    }
    case "parted":
    case "quit":
      return { type: "left", room, name, how: happening.reason ?? "" };
    case "kicked":
      return { type: "left", room, name, how: `put out by ${happening.by.name.text}` };
    case "said": {
      if (happening.kind === "tags") return null;
      const { kind } = happening;
      return { type: "said", room, said: { id, time, name, kind, text: withoutFormatting(happening.text) } };
    }
    case "renamed":
      return { type: "renamed", room, name, to: happening.to.name.text };
    case "invited":
      return null;
    case "text":
      return { type: happening.name, room, name, text: happening.text.text };
    case "away":
      return { type: "away", room, name, away: happening.away !== undefined };
    case "modes": {
      const changes = happening.changes.flatMap((change) =>
        change.type === "operator" ? [{ name: change.name, operator: change.on }] : []
      );
      return changes.length === 0 ? null : { type: "operators", room, changes };
    }
    default:
      assertNever(happening);
  }
}

class WebSession implements Session<WebSocketMessage, MemberMessage>, MemberDoor {
  readonly #connection: WebSocketConnection<MemberMessage>;
  readonly #member: Member;
  readonly #client: DoorClient;
  readonly #ids: MessageIds;
  /** The tags of what this page has said, by the number of the request. */
  readonly #tags = new Map<number, string>();

  constructor(connection: WebSocketConnection<MemberMessage>, services: ChatServices) {
    this.#connection = connection;
    this.#member = new Member(connection, services, this);
    this.#client = new DoorClient(connection, services);
    this.#ids = messageIds(connection.context.world);
    this.#client.logConnected();
    connection.awaitLogin();
  }

  frame(message: WebSocketMessage): void {
    if (this.#member.isGone) return;
    const text = typeof message === "string" ? message : decoder.decode(message);
    const command = parseChatWebCommand(text);
    if (command === null) return this.#connection.close(1008, "not a command of the chat");
    if (!this.#client.mayTalk()) return this.#refuse(command, SLOW_DOWN);
    const isTalk = command.type === "say";
    this.#member.run(() => this.#obey(command), {
      flows: isTalk && this.#member.person !== undefined,
      length: text.length,
    });
  }

  message(message: MemberMessage): void {
    this.#member.receive(message);
  }

  draining(): void {
    this.#tell({ type: "stopping" });
    this.#member.leave({ quietly: true });
  }

  closed(reason: CloseReason): void {
    this.#client.gone(reason);
    this.#member.leave();
  }

  event(event: RoomEvent): void {
    const { happening, room } = event;
    const isOwn = happening.person.member === this.#connection.self;
    const tag = isOwn ? this.#tags.get(event.request) : undefined;
    if (isOwn && happening.type === "joined") return;
    if (isOwn && (happening.type === "parted" || happening.type === "kicked")) {
      const why = happening.type === "kicked" ? `put out by ${happening.by.name.text}` : "";
      return this.#tell({ type: "out", room: room.title, why });
    }
    if (isOwn && happening.type === "renamed") this.#tell({ type: "named", name: happening.to.name.text });
    if (tag === undefined) {
      const bytes = event.encoded(JSON_EVENTS);
      if (bytes.length > 0) this.#connection.sendText(decoder.decode(bytes));
      return;
    }
    const told = webEvent(event);
    if (told?.type === "said") this.#tell({ ...told, tag });
  }

  talk(talk: Talk): void {
    for (const event of talk.events) this.event(event);
  }

  privately({ from, kind, text, id, timeMs }: PrivateMessage): void {
    if (kind === "tags") return;
    const name = from.name.text;
    const said: ChatWebSaid = { id, time: timeMs, name, kind, text: withoutFormatting(text) };
    this.#tell({ type: "private", with: name, said });
  }

  invited({ by, room }: Extract<MemberMessage, { readonly type: "invited" }>): void {
    this.#tell({ type: "invited", room, by: by.name.text });
  }

  presence(): void {}

  cutOff(why: keyof typeof CUT_OFF_TEXTS): void {
    this.#connection.close(1008, CUT_OFF_TEXTS[why]);
  }

  #obey(command: ChatWebCommand): void {
    const { person } = this.#member;
    if (command.type === "name") return this.#name(command.name, person);
    if (person === undefined) return this.#refuse(command, "a name comes first");
    if (isAboutText(command)) {
      const { type: name, room } = command;
      const text = cleanText(command.text);
      return this.#inRoom(person, command, room, (asker) => ({ ...asker, type: "set-text", name, text }));
    }
    switch (command.type) {
      case "join":
        return this.#join(person, command);
      case "leave":
        return this.#inRoom(person, command, command.room, (asker) => ({ ...asker, type: "part" }));
      case "say":
        return this.#say(person, command);
      case "private":
        return this.#private(person, command);
      case "kick": {
        const target = nameOf(command.name);
        if (target === null) return this.#refuse(command, REFUSAL_TEXTS["no-such-person"]);
        return this.#inRoom(person, command, command.room, (asker) => ({ ...asker, type: "kick", target }));
      }
      case "away":
        return this.#member.setAway(person, cleanText(command.text) || undefined);
      case "rooms":
        return this.#rooms(person);
      default:
        assertNever(command);
    }
  }

  #name(typed: string, person: Person | undefined): void {
    const name = parseChatName(typed);
    const command: ChatWebCommand = { type: "name", name: typed };
    if ("problem" in name) return this.#refuse(command, name.problem);
    if (!this.#client.mayLogIn()) return this.#refuse(command, "too many logins from your address");
    const wanted = person === undefined ? this.#client.person(name, "web", name.text) : { ...person, name };
    this.#member.claim(wanted, (answer) => {
      if (answer.type !== "done") {
        return this.#refuse(command, `${name.text} is taken, or looks like a name that is`);
      }
      this.#connection.loggedIn();
      if (person === undefined) this.#client.logLoggedIn(name);
      if (person === undefined || this.#member.rooms.length === 0) {
        this.#tell({ type: "named", name: name.text });
      }
    });
  }

  #join(person: Person, command: Extract<ChatWebCommand, { type: "join" }>): void {
    const name = nameOf(command.room);
    if (name === null) return this.#refuse(command, REFUSAL_TEXTS["bad-room-name"]);
    if (this.#member.rooms.length >= MAX_ROOMS) return this.#refuse(command, REFUSAL_TEXTS["too-many-rooms"]);
    this.#member.join(person, name, {}, (answer) => {
      if (answer.type !== "joined") return this.#refused(command, answer);
      const { view } = answer;
      const query: HistoryQuery = command.after === undefined
        ? { type: "latest", limit: MAX_HISTORY_LINES }
        : { type: "after", point: { id: command.after }, limit: MAX_HISTORY_LINES };
      const then = (answer: Answer) => {
        const history = answer.type === "entries" ? answer.entries.map(saidOf) : [];
        this.#tell(roomEvent(view, history));
      };
      this.#member.toRoom(person, name, (asker) => ({ ...asker, type: "get-history", query }), then);
    });
  }

  #say(person: Person, command: Extract<ChatWebCommand, { type: "say" }>): void {
    const name = nameOf(command.room);
    const text = cleanText(command.text);
    if (name === null) return this.#refuse(command, REFUSAL_TEXTS["no-such-room"]);
    if (text === "") return this.#refuse(command, "there is nothing to say");
    const kind = command.action ? "action" : "message";
    this.#member.spoke();
    const request: number = this.#member.toRoom(
      person,
      name,
      (asker) => ({ ...asker, type: "say", kind, text, tags: [] }),
      (answer) => {
        this.#tags.delete(request);
        this.#refused(command, answer);
      },
    );
    this.#tags.set(request, command.tag);
  }

  #private(person: Person, command: Extract<ChatWebCommand, { type: "private" }>): void {
    const name = nameOf(command.to);
    const text = cleanText(command.text);
    if (name === null) return this.#refuse(command, REFUSAL_TEXTS["no-such-person"]);
    if (text === "") return this.#refuse(command, "there is nothing to say");
    this.#member.toNames(person, (asker) => ({ ...asker, type: "find", names: [name] }), (answer) => {
      const other = answer.type === "people" ? answer.people[0]?.person : undefined;
      if (other === undefined) return this.#refuse(command, REFUSAL_TEXTS["no-such-person"]);
      const [id, timeMs] = [this.#ids.next(), this.#connection.context.world.clock.now()];
      const to = other.name.text;
      other.member.tell({ type: "private", from: person, to, kind: "message", text, tags: [], id, timeMs });
      const said: ChatWebSaid = { id, time: timeMs, name: person.name.text, kind: "message", text };
      if (other.member !== person.member) this.#tell({ type: "private", with: to, said, tag: command.tag });
    });
  }

  #rooms(person: Person): void {
    this.#member.list(person, (answer) => {
      if (answer.type !== "rooms") return;
      const own = new Set(this.#member.rooms.map(({ title }) => title));
      const rooms = answer.rooms.filter(({ title, isSecret }) => !isSecret || own.has(title));
      this.#tell({ type: "rooms", rooms: rooms.map(({ title, members }) => ({ room: title, members })) });
    });
  }

  #inRoom(
    person: Person,
    command: ChatWebCommand,
    room: string,
    make: (asker: Asker) => Extract<RoomCommand, Asker>,
  ): void {
    const name = nameOf(room);
    if (name === null) return this.#refuse(command, REFUSAL_TEXTS["no-such-room"]);
    this.#member.toRoom(person, name, make, (answer) => this.#refused(command, answer));
  }

  #refused(command: ChatWebCommand, answer: Answer): void {
    if (answer.type === "refused") this.#refuse(command, REFUSAL_TEXTS[answer.reason]);
  }

  #refuse(command: ChatWebCommand, reason: string): void {
    const tag = "tag" in command ? { tag: command.tag } : {};
    this.#tell({ type: "refused", command: command.type, reason, ...tag });
  }

  #tell(event: ChatWebEvent): void {
    this.#connection.sendText(JSON.stringify(event));
  }
}

function nameOf(typed: string): ChatName | null {
  const name = parseChatName(typed);
  return "keys" in name ? name : null;
}

/** One line of text, visible, of a bounded length. */
function cleanText(text: string): string {
  return truncateBytes(visibleText(text.replace(/\s*\n\s*/g, " ").trim()), MAX_TEXT_BYTES);
}

function saidOf({ id, timeMs, name, kind, text }: HistoryEntry): ChatWebSaid {
  return { id, time: timeMs, name, kind, text: withoutFormatting(text) };
}

function memberOf({ person, isOperator, isAway }: RoomMember): ChatWebMember {
  return { name: person.name.text, operator: isOperator, away: isAway };
}

function roomEvent(view: RoomView, history: readonly ChatWebSaid[]): ChatWebEvent {
  const { title: room, members, texts } = view;
  const textOf = (name: RoomTextName) => texts[name]?.text ?? "";
  return { type: "room", room, ...ofEachText(textOf), members: members.map(memberOf), history };
}
