/**
 * Which rooms there are.
 *
 * @module
 */
import { LOBBY } from "../../protocols/chat.ts";
import { type ChatName, parseChatName, sharesKey } from "../../protocols/chat_names.ts";
import {
  assertNever,
  type Behavior,
  type Context,
  type Ref,
  stop,
  withPrivateMessages,
} from "../runtime/mod.ts";
import type { RoomCommand } from "./messages.ts";
import type { HistoryCommand, RoomsCommand } from "./owner_messages.ts";
import type { RoomTexts } from "./room_properties.ts";
import { room, type RoomNews } from "./room.ts";

interface Entry {
  readonly ref: Ref<RoomCommand>;
  /** As the one who made it wrote it. */
  readonly name: ChatName;
  readonly createdMs: number;
  /** Let in, and not yet reported gone. */
  members: number;
  texts: RoomTexts;
  isSecret: boolean;
}

/** Everybody's room: it has its own name however it is written, and nobody founds it. */
const THE_LOBBY = parseChatName(LOBBY);

type Private =
  | RoomNews
  | { readonly type: "room-stopped"; readonly entry: Entry };

/**
 * The one that owns the rooms: it makes a room on first use, lets members in, and closes a room that nobody
 * is in. What was said in a room outlives it, in the history.
 */
export function rooms(options: { readonly history: Ref<HistoryCommand> }): Behavior<RoomsCommand> {
  return withPrivateMessages<RoomsCommand, Private>((self) => {
    const directory = new Rooms(self, options.history);
    return (message) => directory.receive(message);
  });
}

class Rooms {
  readonly #self: Context<RoomsCommand | Private>;
  readonly #history: Ref<HistoryCommand>;
  /** Each under all of its name's keys: two rooms that look alike are one. */
  readonly #byKey = new Map<string, Entry>();
  readonly #byRef = new Map<Ref<RoomCommand>, Entry>();
  #made = 0;

  constructor(self: Context<RoomsCommand | Private>, history: Ref<HistoryCommand>) {
    this.#self = self;
    this.#history = history;
  }

  receive(message: RoomsCommand | Private): void {
    switch (message.type) {
      case "join": {
        const { room, ...join } = message;
        const entry = this.#find(room) ?? this.#open(room);
        entry.members++;
        entry.ref.tell(join);
        return;
      }
      case "to-room": {
        const { room, command } = message;
        const entry = this.#find(room);
        if (entry !== undefined) return entry.ref.tell(command);
        const { person, request } = command;
        const answer = { type: "refused", reason: "no-such-room", detail: room.text } as const;
        return person.member.tell({ type: "answer", request, answer });
      }
      case "quit-room":
        return this.#find(message.room)?.ref.tell(message.quit);
      case "list":
        return this.#list(message);
      case "member-left": {
        const entry = this.#byRef.get(message.room);
        if (entry === undefined || --entry.members > 0) return;
        this.#forget(entry);
        return this.#self.stop(entry.ref);
      }
      case "room-changed": {
        const entry = this.#byRef.get(message.room);
        if (entry !== undefined) [entry.texts, entry.isSecret] = [message.texts, message.isSecret];
        return;
      }
      case "room-stopped":
        return this.#forget(message.entry);
      default:
        assertNever(message);
    }
  }

  #list({ person, request }: Extract<RoomsCommand, { type: "list" }>): void {
    const rooms = Array.from(this.#byRef.values(), ({ name, members, texts, isSecret, createdMs }) => ({
      title: name.text,
      members,
      texts,
      isSecret,
      createdMs,
    }));
    person.member.tell({ type: "answer", request, answer: { type: "rooms", rooms } });
  }

  #find(name: ChatName): Entry | undefined {
    return name.keys.map((key) => this.#byKey.get(key)).find((entry) => entry !== undefined);
  }

  #open(wanted: ChatName): Entry {
    const isLobby = "keys" in THE_LOBBY && sharesKey(wanted, THE_LOBBY);
    const name = isLobby ? THE_LOBBY : wanted;
    // A room that fails is not restarted, as its members would not be in it: they go back in, and so make a
    // new one.
    const ref = this.#self.spawn(
      `room-${++this.#made}`,
      room({ name, history: this.#history, owner: this.#self.self, hasFounder: !isLobby }),
      { onFailure: stop() },
    );
    const createdMs = this.#self.world.clock.now();
    const entry: Entry = { ref, name, createdMs, members: 0, texts: {}, isSecret: false };
    for (const key of name.keys) this.#byKey.set(key, entry);
    this.#byRef.set(ref, entry);
    this.#self.watch(ref, () => ({ type: "room-stopped", entry }));
    return entry;
  }

  #forget(entry: Entry): void {
    this.#byRef.delete(entry.ref);
    for (const key of entry.name.keys) {
      if (this.#byKey.get(key) === entry) this.#byKey.delete(key);
    }
  }
}
