/**
 * The door of line clients: a name first, then a line a message. A member is in one room at a time.
 *
 * @module
 */
import {
  CHAT_HELP,
  type ChatInput,
  formatChatEvent,
  formatList,
  formatPrivateMessage,
  LOBBY,
  LOGIN_REFUSED,
  MAX_HISTORY_LINES,
  parseChatInput,
  SLOW_DOWN,
} from "../../../protocols/chat.ts";
import { type ChatName, parseChatName } from "../../../protocols/chat_names.ts";
import type { RoomTextName } from "../../../protocols/chat_texts.ts";
import { completeMask, withoutFormatting } from "../../../protocols/irc.ts";
import { excerpt, visibleText } from "../../../protocols/visible_text.ts";
import type { Connection, Session, SessionFactory } from "../../net/mod.ts";
import { assertNever } from "../../runtime/mod.ts";
import { type ChatServices, Member, type MemberDoor } from "../member.ts";
import { type MessageIds, messageIds } from "../message_ids.ts";
import { formatEntry } from "../history_entry.ts";
import type {
  Answer,
  Asker,
  MemberMessage,
  Person,
  PrivateMessage,
  RoomCommand,
  RoomEvent,
  Talk,
} from "../messages.ts";
import type { ModeChange } from "../room_properties.ts";
import { DoorClient } from "./door_client.ts";
import { historyTitle, LINES, roomTextLine, shownName } from "./line_texts.ts";
import { CUT_OFF_TEXTS, REFUSAL_TEXTS } from "./refusal_texts.ts";

const IN_NO_ROOM = `Error: You are in no room: /join ${LOBBY}`;

/** Makes the session of one line client. */
export function lineDoor(services: ChatServices): SessionFactory<string, MemberMessage> {
  return (connection) => new LineSession(connection, services);
}

class LineSession implements Session<string, MemberMessage>, MemberDoor {
  readonly #connection: Connection<MemberMessage>;
  readonly #member: Member;
  readonly #client: DoorClient;
  readonly #ids: MessageIds;
  #tooFast = false;
  /** The one room that the member hears. */
  #room: { readonly key: string; readonly name: ChatName } | undefined;

  constructor(connection: Connection<MemberMessage>, services: ChatServices) {
    this.#connection = connection;
    this.#member = new Member(connection, services, this);
    this.#client = new DoorClient(connection, services);
    this.#ids = messageIds(connection.context.world);
    this.#client.logConnected();
  }

  frame(line: string): void {
    if (this.#member.isGone) return;
    const input = parseChatInput(line);
    if (!this.#client.mayTalk()) {
      // Said once for each time of it: an answer to every line would be a flood of our own. What was asked
      // before is answered before.
      if (!this.#tooFast) this.#member.run(() => this.#send(SLOW_DOWN));
      this.#tooFast = true;
      // Who wants to go may.
      if (input.type === "quit") this.#quit();
      return;
    }
    this.#tooFast = false;
    this.#member.run(() => {
      const { person } = this.#member;
      if (person === undefined) this.#logIn(line);
      else this.#obey(input, person);
    }, { flows: this.#member.person !== undefined && isTalk(input), length: line.length });
  }

  message(message: MemberMessage): void {
    this.#member.receive(message);
  }

  /** What was sent before the end is heard first. */
  ended(): void {
    this.#member.run(() => this.#quit());
  }

  draining(): void {
    this.#send("The server is shutting down.");
    // Everybody goes: that each has left is no news to the others.
    this.#member.leave({ quietly: true });
  }

  closed(): void {
    this.#client.release();
    this.#member.leave();
  }

  event(event: RoomEvent): void {
    const { happening, room } = event;
    if (happening.person.member === this.#connection.self) return this.#ownEvent(event);
    if (room.key === this.#room?.key) this.#connection.send(event.encoded(LINES));
  }

  talk(talk: Talk): void {
    if (talk.room.key !== this.#room?.key) return;
    for (const lines of talk.encodedWithout(this.#connection.self, LINES)) this.#connection.send(lines);
  }

  privately({ from, kind, text }: PrivateMessage): void {
    if (kind === "tags") return;
    const line = formatPrivateMessage(from.name.text, withoutFormatting(text));
    this.#send(kind === "action" ? `* ${line}` : line);
  }

  invited({ by, room }: Extract<MemberMessage, { readonly type: "invited" }>): void {
    this.#send(`${by.name.text} invites you to ${room}: /join ${room}`);
  }

  presence(): void {}

  cutOff(why: keyof typeof CUT_OFF_TEXTS): void {
    this.#send(`Error: ${CUT_OFF_TEXTS[why]}`);
    this.#connection.end();
  }

  /** A line client is not told of what it does itself, but of what others do to it. */
  #ownEvent({ happening, room }: RoomEvent): void {
    if (happening.type === "renamed") return this.#send(`You are ${happening.to.name.text} now.`);
    if (happening.type !== "kicked") return;
    const reason = happening.reason ?? "";
    this.#send(
      formatChatEvent({ type: "kicked", name: "You", by: happening.by.name.text, reason })
        .replace("You was", "You were"),
    );
    // Once what it asked for before is answered: it may be on its way to another room, or to another name.
    this.#member.run(() => {
      const { person } = this.#member;
      if (person !== undefined && room.key === this.#room?.key) this.#enterLobby(person);
    });
  }

  #logIn(line: string): void {
    if (parseChatInput(line).type === "quit") return this.#quit();
    const name = parseChatName(line);
    if ("problem" in name) return this.#send(`${LOGIN_REFUSED}: ${name.problem}`);
    if (!this.#client.mayLogIn()) {
      return this.#send(`${LOGIN_REFUSED}: too many logins from your address, try again in a moment`);
    }
    const person = this.#client.person(name, "line", name.text);
    this.#member.claim(person, (answer) => {
      if (answer.type !== "done") {
        this.#client.release();
        return this.#send(`${LOGIN_REFUSED}: ${name.text} is taken, or looks like a name that is`);
      }
      this.#connection.loggedIn();
      this.#client.logLoggedIn(name);
      this.#enterLobby(person);
    });
  }

  #enterLobby(person: Person): void {
    const lobby = parseChatName(LOBBY);
    if ("keys" in lobby) this.#member.join(person, lobby, {}, (answer) => this.#entered(answer));
  }

  /** Carries out a command. Most are something said, for which no promise is made. */
  #obey(input: ChatInput, person: Person): void {
    switch (input.type) {
      case "empty":
        return;
      case "say":
        return this.#say(person, "message", visibleText(input.text));
      case "me":
        return this.#say(person, "action", visibleText(input.text));
      case "msg":
        return this.#tellOne(person, input.to, input.text);
      case "join":
        return this.#join(input.room, person);
      case "who":
        return this.#who(person);
      case "rooms":
        return this.#listRooms(person);
      case "history":
        return this.#history(person, input.lines);
      case "help":
        return this.#send(...CHAT_HELP);
      case "quit":
        return this.#quit();
      case "nick":
        return this.#rename(person, input.name);
      case "room-text":
        return this.#roomText(person, input.name, input.text);
      case "away":
        return this.#away(person, input.text);
      case "kick":
        return this.#kick(person, input.name, input.reason);
      case "invite":
      case "op":
      case "ban":
      case "unban":
        return this.#lead(person, input.type, input.name);
      case "bad":
        return this.#send(`Error: ${input.problem}`);
      default:
        assertNever(input);
    }
  }

  #say(person: Person, kind: "message" | "action", text: string): void {
    this.#here(person, (asker) => ({ ...asker, type: "say", kind, text, tags: [] }), (answer) => {
      this.#refused(answer, "Cannot say that");
    });
    this.#member.spoke();
  }

  #tellOne(person: Person, to: string, text: string): void {
    this.#member.spoke();
    this.#withPerson(person, to, "send to", (other) => {
      other.member.tell({
        type: "private",
        from: person,
        to: other.name.text,
        kind: "message",
        text: visibleText(text),
        tags: [],
        id: this.#ids.next(),
        timeMs: this.#connection.context.world.clock.now(),
      });
    });
  }

  #join(typed: string, person: Person): void {
    const name = parseChatName(typed);
    if ("problem" in name) return this.#send(`Error: Cannot join that room: ${name.problem}`);
    const here = this.#member.joined(name);
    if (here !== undefined) return this.#send(`You are in ${here.title} already.`);
    const left = this.#room;
    this.#member.join(person, name, {}, (answer) => {
      this.#entered(answer);
      if (answer.type !== "joined") return;
      if (left !== undefined && left.key !== this.#room?.key) {
        this.#member.toRoom(person, left.name, (asker) => ({ ...asker, type: "part" }), () => {});
      }
      this.#send(`You are in ${answer.view.title} now.`);
    });
  }

  #entered(answer: Answer): void {
    if (answer.type !== "joined") return this.#refused(answer, "Cannot join that room");
    const { title, keys } = answer.view;
    this.#room = { key: keys[0] ?? title, name: { text: title, keys } };
  }

  #who(person: Person): void {
    this.#here(person, (asker) => ({ ...asker, type: "get-view" }), (answer) => {
      if (answer.type !== "view") return;
      this.#send(...formatList(`In ${answer.view.title}`, answer.view.members.map(shownName)));
    });
  }

  #listRooms(person: Person): void {
    this.#member.list(person, (answer) => {
      if (answer.type !== "rooms") return;
      const rooms = answer.rooms.filter(({ title, isSecret }) =>
        !isSecret || title === this.#room?.name.text
      );
      this.#send(...formatList("Open rooms", rooms.map(({ title, members }) => `${title} (${members})`)));
    });
  }

  #history(person: Person, lines: number): void {
    const query = { type: "latest", limit: Math.min(lines, MAX_HISTORY_LINES) } as const;
    this.#here(person, (asker) => ({ ...asker, type: "get-history", query }), (answer) => {
      if (answer.type !== "entries") return;
      this.#send(historyTitle(answer.title, answer.entries.length), ...answer.entries.map(formatEntry));
    });
  }

  #rename(person: Person, typed: string): void {
    const name = parseChatName(typed);
    if ("problem" in name) return this.#send(`Error: Cannot take that name: ${name.problem}`);
    this.#member.claim({ ...person, name }, (answer) => {
      if (answer.type === "done") return;
      this.#send(`Error: Cannot take that name: ${name.text} is taken, or looks like a name that is`);
    });
  }

  #roomText(person: Person, name: RoomTextName, text: string): void {
    if (text !== "") {
      return this.#here(
        person,
        (asker) => ({ ...asker, type: "set-text", name, text: visibleText(text) }),
        (answer) => {
          if (answer.type === "done") this.#send(`The ${name} is set.`);
          else this.#refused(answer, `Cannot set the ${name}`);
        },
      );
    }
    this.#here(person, (asker) => ({ ...asker, type: "get-view" }), (answer) => {
      if (answer.type === "view") this.#send(roomTextLine(answer.view, name));
    });
  }

  #away(person: Person, typed: string): void {
    const text = visibleText(typed);
    this.#member.setAway(person, text === "" ? undefined : text);
    this.#send(text === "" ? "You are back." : "You are away.");
  }

  #kick(person: Person, typed: string, typedReason: string): void {
    const reason = visibleText(typedReason);
    const target = parseChatName(typed);
    if ("problem" in target) return this.#send(`Error: Cannot put out that name: ${target.problem}`);
    const make = (asker: Asker) => ({ ...asker, type: "kick", target, reason }) as const;
    this.#here(person, make, (answer) => this.#refused(answer, `Cannot put out ${target.text}`));
  }

  #lead(person: Person, action: "invite" | "op" | "ban" | "unban", typed: string): void {
    if (action === "invite") {
      return this.#withPerson(person, typed, "invite", (target) => {
        this.#here(person, (asker) => ({ ...asker, type: "invite", target }), (answer) => {
          if (answer.type === "done") this.#send(`${target.name.text} is invited.`);
          else this.#refused(answer, `Cannot invite ${target.name.text}`);
        });
      });
    }
    const change: ModeChange = action === "op"
      ? { type: "operator", name: typed, on: true }
      : { type: "ban", mask: completeMask(typed), on: action === "ban" };
    this.#here(person, (asker) => ({ ...asker, type: "change-modes", changes: [change] }), (answer) => {
      if (answer.type === "done") this.#send("Done.");
      else this.#refused(answer, `Cannot /${action} ${excerpt(typed)}`);
    });
  }

  #here(
    person: Person,
    make: (asker: Asker) => Extract<RoomCommand, Asker>,
    then: (answer: Answer) => void,
  ): void {
    // It could not go into the lobby. What it says is heard by nobody: that it is told.
    if (this.#room === undefined) return this.#send(IN_NO_ROOM);
    this.#member.toRoom(person, this.#room.name, make, then);
  }

  #withPerson(person: Person, typed: string, action: string, then: (other: Person) => void): void {
    const name = parseChatName(typed);
    if ("problem" in name) return this.#send(`Error: Cannot ${action} that name: ${name.problem}`);
    this.#member.toNames(person, (asker) => ({ ...asker, type: "find", names: [name] }), (answer) => {
      const other = answer.type === "people" ? answer.people[0]?.person : undefined;
      if (other === undefined) this.#send(`Error: Cannot ${action} ${name.text}: nobody has that name`);
      else then(other);
    });
  }

  #refused(answer: Answer, what: string): void {
    if (answer.type === "refused") this.#send(`Error: ${what}: ${REFUSAL_TEXTS[answer.reason]}`);
  }

  #quit(): void {
    this.#member.leave();
    this.#connection.end();
  }

  #send(...lines: string[]): void {
    this.#connection.sendText(lines.map((line) => `${line}\n`).join(""));
  }
}

/** Whether a line is said, and so need not wait until the one before it has been passed on. */
function isTalk(input: ChatInput): boolean {
  return input.type === "say" || input.type === "me" || input.type === "empty";
}
