/**
 * Which rooms there are.
 *
 * @module
 */
import { assertNever, type Behavior, type Ref, stop } from "../runtime/mod.ts";
import type { HistoryCommand, RoomCommand, RoomsCommand } from "./messages.ts";
import { room } from "./room.ts";

interface Entry {
  readonly ref: Ref<RoomCommand>;
  readonly title: string;
  /** Let in, and not yet reported gone. */
  members: number;
}

type Command =
  | RoomsCommand
  | { readonly type: "member-left"; readonly key: string; readonly entry: Entry }
  | { readonly type: "room-stopped"; readonly key: string; readonly entry: Entry };

/**
 * The one that owns the rooms: it makes a room on first use, lets members in, and closes a room that nobody is in.
 * What was said in a room outlives it, in the history.
 */
export function rooms(options: { readonly history: Ref<HistoryCommand> }): Behavior<RoomsCommand> {
  const behavior: Behavior<Command> = (self) => {
    const entries = new Map<string, Entry>();
    let made = 0;

    const open = (key: string, title: string): Entry => {
      const onLeft = () => self.self.tell({ type: "member-left", key, entry });
      // A room that fails is not restarted, as its members would not be in it: they go back in, and so make a new one.
      const ref = self.spawn(`room-${++made}`, room({ key, history: options.history, onLeft }), {
        onFailure: stop(),
      });
      const entry: Entry = { ref, title, members: 0 };
      entries.set(key, entry);
      self.watch(ref, () => ({ type: "room-stopped", key, entry }));
      return entry;
    };
    const forget = (key: string, entry: Entry) => {
      if (entries.get(key) === entry) entries.delete(key);
    };

    return (message) => {
      switch (message.type) {
        case "join": {
          const { room: { keys, text }, member, name, quietly, replyTo } = message;
          const key = keys.find((key) => entries.has(key)) ?? keys[0] ?? text;
          const entry = entries.get(key) ?? open(key, text);
          entry.members++;
          // Before the answer, so that the member's first line comes after it.
          entry.ref.tell({ type: "join", member, name, quietly });
          replyTo.tell({ room: entry.ref, title: entry.title });
          return;
        }
        case "list":
          message.replyTo.tell([...entries.values()].map(({ title, members }) => ({ title, members })));
          return;
        case "member-left": {
          const { key, entry } = message;
          entry.members--;
          if (entry.members > 0) return;
          forget(key, entry);
          self.stop(entry.ref);
          return;
        }
        case "room-stopped":
          forget(message.key, message.entry);
          return;
        default:
          assertNever(message);
      }
    };
  };
  return behavior as Behavior<RoomsCommand>;
}
