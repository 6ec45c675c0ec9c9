/**
 * One room of the chat: the one place where the order of what happens in it is made.
 *
 * @module
 */
import { type ChatEvent, formatChatEvent } from "../../protocols/chat.ts";
import { assertNever, type Behavior, type Ref } from "../runtime/mod.ts";
import type { Cancellable } from "../world/world.ts";
import type { HistoryCommand, MemberMessage, RoomCommand } from "./messages.ts";

/** Options of {@linkcode room}. */
export interface RoomOptions {
  /** The room's key in the history. */
  readonly key: string;
  readonly history: Ref<HistoryCommand>;
  /** Called in the room's actor, once for every member that has gone. */
  readonly onLeft: () => void;
}

/** One step in the life of a room: what it was told and, of what was said, the line that it makes. */
type Step =
  | Exclude<RoomCommand, { readonly type: "say" }>
  | Extract<RoomCommand, { readonly type: "say" }> & { readonly line: string };

type Command =
  | RoomCommand
  | { readonly type: "kept"; readonly error?: unknown }
  | { readonly type: "gone"; readonly member: Ref<MemberMessage> }
  | { readonly type: "go-on" };

/** UTF-16 units of text after which the sockets are given the time to take them: a burst must cut no reader off. */
const PACE_LENGTH = 128 * 1024;

/** Milliseconds that the history may take to keep a line, before the room goes on without. */
const KEEP_TIMEOUT_MS = 5000;

const encoder = new TextEncoder();

/**
 * A room. All that happens in it happens in one order, which every member sees: what is said is given to the history first,
 * and what happens while the history is written waits its turn, and then goes to the history all at once.
 */
export function room(options: RoomOptions): Behavior<RoomCommand> {
  const { key, history, onLeft } = options;
  const behavior: Behavior<Command> = (self) => {
    const members = new Map<Ref<MemberMessage>, { readonly name: string; readonly watching: Cancellable }>();
    /** What is being written or, once it is, passed on; how much of it has been; and what waits behind it. */
    let keeping: Step[] = [];
    let passedOn = 0;
    let waiting: Step[] = [];

    const tellOthers = (event: ChatEvent, except: Ref<MemberMessage>) => {
      const bytes = encoder.encode(`${formatChatEvent(event)}\n`);
      for (const member of members.keys()) {
        if (member !== except) member.tell({ type: "line", bytes });
      }
    };

    const take = (step: Step) => {
      switch (step.type) {
        case "join": {
          const { member, name, quietly } = step;
          // Let in twice: it will go once.
          if (members.has(member)) return onLeft();
          // However a member goes, it has left: a connection that fails says nothing.
          const watching = self.watch(member, () => ({ type: "gone", member }));
          members.set(member, { name, watching });
          if (!quietly) tellOthers({ type: "joined", name }, member);
          return;
        }
        case "leave": {
          const gone = members.get(step.member);
          if (gone === undefined) return;
          gone.watching.cancel();
          members.delete(step.member);
          onLeft();
          if (!step.quietly) tellOthers({ type: "left", name: gone.name }, step.member);
          return;
        }
        case "say":
          // Said from within the room: not by one who has left it meanwhile.
          if (members.has(step.member)) tellOthers(step.event, step.member);
          step.member.tell({ type: "passed-on", length: step.event.text.length });
          return;
        case "who":
          step.replyTo.tell([...members.values()].map(({ name }) => name));
          return;
        case "history":
          history.tell({ type: "last", room: key, lines: step.lines, replyTo: step.replyTo });
          return;
        default:
          assertNever(step);
      }
    };

    const next = () => {
      while (keeping.length === 0 && waiting.length > 0) {
        const steps = waiting;
        waiting = [];
        const lines = steps.flatMap((step) => step.type === "say" ? [step.line] : []);
        if (lines.length === 0) {
          for (const step of steps) take(step);
        } else {
          keeping = steps;
          self.pipe<void>(
            history.ask((replyTo) => ({ type: "keep", room: key, lines, replyTo }), {
              timeoutMs: KEEP_TIMEOUT_MS,
            }),
            () => ({ type: "kept" }),
            (error) => ({ type: "kept", error }),
          );
        }
      }
    };

    const passOn = () => {
      for (let length = 0; passedOn < keeping.length;) {
        const step = keeping[passedOn++];
        if (step === undefined) break;
        take(step);
        length += step.type === "say" ? step.line.length : 0;
        if (length >= PACE_LENGTH && passedOn < keeping.length) {
          self.after(0, { type: "go-on" });
          return;
        }
      }
      keeping = [];
      passedOn = 0;
      next();
    };

    const enqueue = (step: Step) => {
      waiting.push(step);
      next();
    };

    return (message) => {
      switch (message.type) {
        case "join":
        case "leave":
        case "who":
        case "history":
          enqueue(message);
          return;
        case "say":
          enqueue({ ...message, line: formatChatEvent(message.event) });
          return;
        case "kept": {
          if (message.error !== undefined) {
            self.log.error(`Cannot keep what was said: ${String(message.error)}`);
          }
          passOn();
          return;
        }
        case "gone":
          // A watch goes before what waits: what the member said before it went is heard first.
          self.self.tell({ type: "leave", member: message.member, quietly: false });
          return;
        case "go-on":
          passOn();
          return;
        default:
          assertNever(message);
      }
    };
  };
  return behavior as Behavior<RoomCommand>;
}
