/**
 * Which rooms there are.
 *
 * @module
 */
import type { ChatName } from "../../protocols/chat_names.ts";
import { assertNever, type Behavior, type Ref, stop } from "../runtime/mod.ts";
import type { HistoryCommand, RoomCommand, RoomsCommand } from "./messages.ts";
import { room } from "./room.ts";

interface Entry {
  readonly ref: Ref<RoomCommand>;
  /** As the one who made it wrote it. */
  readonly name: ChatName;
  /** Let in, and not yet reported gone. */
  members: number;
}

type Command =
  | RoomsCommand
  | { readonly type: "member-left"; readonly entry: Entry }
  | { readonly type: "room-stopped"; readonly entry: Entry };

/**
 * The one that owns the rooms: it makes a room on first use, lets members in, and closes a room that nobody is in.
 * What was said in a room outlives it, in the history.
 */
export function rooms(options: { readonly history: Ref<HistoryCommand> }): Behavior<RoomsCommand> {
  const behavior: Behavior<Command> = (self) => {
    /** Each under all of its name's keys: two rooms that look alike are one. */
    const entries = new Map<string, Entry>();
    let made = 0;

    const open = (name: ChatName): Entry => {
      const [key = name.text] = name.keys;
      const onLeft = () => self.self.tell({ type: "member-left", entry });
      // A room that fails is not restarted, as its members would not be in it: they go back in, and so make a new one.
      const ref = self.spawn(`room-${++made}`, room({ key, history: options.history, onLeft }), {
        onFailure: stop(),
      });
      const entry: Entry = { ref, name, members: 0 };
      for (const key of name.keys) entries.set(key, entry);
      self.watch(ref, () => ({ type: "room-stopped", entry }));
      return entry;
    };
    const forget = (entry: Entry) => {
      for (const key of entry.name.keys) {
        if (entries.get(key) === entry) entries.delete(key);
      }
    };

    return (message) => {
      switch (message.type) {
        case "join": {
          const { room, member, name, quietly, replyTo } = message;
          const known = room.keys.map((key) => entries.get(key));
          const entry = known.find((entry) => entry !== undefined) ?? open(room);
          entry.members++;
          // Before the answer, so that the member's first line comes after it.
          entry.ref.tell({ type: "join", member, name, quietly });
          replyTo.tell({ room: entry.ref, title: entry.name.text });
          return;
        }
        case "list":
          message.replyTo.tell(
            [...new Set(entries.values())].map(({ name, members }) => ({ title: name.text, members })),
          );
          return;
        case "member-left": {
          const { entry } = message;
          entry.members--;
          if (entry.members > 0) return;
          forget(entry);
          self.stop(entry.ref);
          return;
        }
        case "room-stopped":
          forget(message.entry);
          return;
        default:
          assertNever(message);
      }
    };
  };
  return behavior as Behavior<RoomsCommand>;
}
