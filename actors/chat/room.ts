/**
 * One room of the chat: the one place where the order of what happens in it is made.
 *
 * @module
 */
import { type ChatName, parseChatName } from "../../protocols/chat_names.ts";
import { assertNever, type Behavior, type Context, type Ref, withPrivateMessages } from "../runtime/mod.ts";
import type { Cancellable } from "../world/world.ts";
import { encodeEntry, fittingEntries, selectEntries } from "./history_entry.ts";
import { type MessageIds, messageIds } from "./message_ids.ts";
import type {
  Answer,
  Asker,
  HistoryCommand,
  HistoryEntry,
  MemberMessage,
  ModeChange,
  Person,
  Refusal,
  RoomCommand,
  RoomTopic,
  RoomView,
} from "./messages.ts";
import { type Happening, RoomEvent } from "./room_event.ts";
import { RoomState } from "./room_state.ts";
import { Talk } from "./talk.ts";
import { type HistoryRequest, RoomSteps, type Step, type StepMessage } from "./room_steps.ts";

/** What the owner of the rooms is told by one of them. */
export type RoomNews =
  /** A member has gone, or was not let in. */
  | { readonly type: "member-left"; readonly room: Ref<RoomCommand> }
  /** What is said of the room in a list has changed. */
  | {
    readonly type: "room-changed";
    readonly room: Ref<RoomCommand>;
    readonly topic: RoomTopic | undefined;
    readonly isSecret: boolean;
  };

/** Options of {@linkcode room}. */
export interface RoomOptions {
  readonly name: ChatName;
  readonly history: Ref<HistoryCommand>;
  readonly owner: Ref<RoomNews>;
  /** Whether the first to come in is an operator. */
  readonly hasFounder: boolean;
}

type Private =
  | StepMessage
  | { readonly type: "gone"; readonly person: Person };

/**
 * A room. All that happens in it happens in one order, which every member sees: what is said is given to the
 * history first, and what happens while the history is written waits its turn, and then goes to the history
 * all at once.
 */
export function room(options: RoomOptions): Behavior<RoomCommand> {
  return withPrivateMessages<RoomCommand, Private>((self) => {
    const room = new Room(self, options);
    return (message) => room.receive(message);
  });
}

class Room {
  readonly #self: Context<RoomCommand | Private>;
  readonly #options: RoomOptions;
  readonly #key: string;
  readonly #state = new RoomState();
  readonly #watches = new Map<Ref<MemberMessage>, Cancellable>();
  readonly #ids: MessageIds;
  readonly #createdMs: number;
  readonly #steps: RoomSteps;
  #needsFounder: boolean;
  /** Said to everybody, and not yet told: what is said in one go is told in one. */
  #said: RoomEvent[] = [];

  constructor(self: Context<RoomCommand | Private>, options: RoomOptions) {
    this.#self = self;
    this.#options = options;
    this.#key = options.name.keys[0] ?? options.name.text;
    this.#ids = messageIds(self.world);
    this.#createdMs = self.world.clock.now();
    this.#needsFounder = options.hasFounder;
    this.#steps = new RoomSteps(self, {
      history: options.history,
      key: this.#key,
      take: (step) => this.#take(step),
      paused: () => this.#tellSaid(),
      answerHistory: (query, entries) => this.#answerHistory(query, entries),
    });
  }

  receive(message: RoomCommand | Private): void {
    switch (message.type) {
      case "kept":
      case "fetched":
      case "go-on":
        return this.#steps.receive(message);
      case "gone":
        // A watch goes before what waits: what the member said before it went is heard first.
        this.#self.self.tell({ type: "quit", person: message.person, quietly: false });
        return;
      default:
        this.#steps.add(this.#stepOf(message));
    }
  }

  /** The event of something said is made when it comes in, so that the history has its very number. */
  #stepOf(command: RoomCommand): Step {
    if (command.type !== "say") return { command };
    const { person, kind, text, tags, onlyFor } = command;
    // What is not given to the history is not said later either.
    if (this.#state.silence(person) !== undefined) return { command };
    const event = this.#eventOf(
      { type: "said", person, kind, text, tags, ...(onlyFor === undefined ? {} : { onlyFor }) },
      command.request,
    );
    if (kind === "tags" || onlyFor !== undefined) return { command, event };
    const { id, timeMs } = event;
    const { name, user, host } = person;
    return { command, event, line: encodeEntry({ id, timeMs, name: name.text, user, host, kind, text }) };
  }

  #answerHistory(command: HistoryRequest, entries: readonly HistoryEntry[]): void {
    const { title } = this.#eventRoom();
    this.#answer(command, {
      type: "entries",
      title,
      entries: fittingEntries(selectEntries(entries, command.query)),
    });
  }

  #take({ command, event }: Step): void {
    // One order for all that happens: what was said before is told before.
    if (command.type !== "say") this.#tellSaid();
    switch (command.type) {
      case "join":
        return this.#join(command);
      case "say":
        return this.#say(command, event);
      case "part":
        return this.#part(command);
      case "quit":
        return this.#quit(command);
      case "rename":
        return this.#rename(command);
      case "set-away":
        return this.#setAway(command);
      case "set-topic":
        return this.#setTopic(command);
      case "kick":
        return this.#kick(command);
      case "invite":
        return this.#invite(command);
      case "change-modes":
        return this.#changeModes(command);
      case "get-view":
      case "get-bans":
        return this.#show(command);
      case "get-history":
        return;
      default:
        assertNever(command);
    }
  }

  #join(command: Extract<RoomCommand, { type: "join" }>): void {
    const { person, quietly, away } = command;
    // Let in twice: it will go once.
    if (this.#state.members.has(person.member)) {
      this.#tellOwnerOfLeaving();
      return this.#refuse(command, "already-in-room");
    }
    const refusal = quietly === undefined ? this.#state.admission(person, command.key) : undefined;
    if (refusal !== undefined) {
      this.#tellOwnerOfLeaving();
      return this.#refuse(command, refusal);
    }
    const isOperator = quietly?.isOperator ?? this.#needsFounder;
    this.#needsFounder = false;
    // However a member goes, it has left: a connection that fails says nothing.
    this.#watches.set(person.member, this.#self.watch(person.member, () => ({ type: "gone", person })));
    this.#state.admit({
      person,
      isOperator,
      hasVoice: quietly?.hasVoice ?? false,
      isAway: away !== undefined,
    });
    if (quietly === undefined) {
      this.#happens(
        { type: "joined", person, isOperator, ...(away === undefined ? {} : { away }) },
        command.request,
      );
    }
    this.#answer(command, { type: "joined", view: this.#view() });
  }

  #say(command: Extract<RoomCommand, { type: "say" }>, event: RoomEvent | undefined): void {
    // As it is now: said from within the room, not by one who has left it or was silenced meanwhile.
    const refusal = this.#state.silence(command.person);
    if (event !== undefined && refusal === undefined && command.onlyFor === undefined) {
      this.#said.push(event);
      return;
    }
    this.#tellSaid();
    if (event === undefined || refusal !== undefined) return this.#refuseOutsider(command, "cannot-send");
    this.#tellAll(event);
    this.#answer(command, DONE);
  }

  #part(command: Extract<RoomCommand, { type: "part" }>): void {
    const { person, reason } = command;
    if (!this.#state.members.has(person.member)) return this.#refuseOutsider(command);
    this.#happens({ type: "parted", person, ...withReason(reason) }, command.request);
    this.#forget(person);
    this.#answer(command, DONE);
  }

  #quit({ person, reason, quietly }: Extract<RoomCommand, { type: "quit" }>): void {
    const member = this.#state.members.get(person.member);
    if (member === undefined) return;
    this.#forget(person);
    if (!quietly) this.#happens({ type: "quit", person: member.person, ...withReason(reason) });
  }

  #rename({ from, to }: Extract<RoomCommand, { type: "rename" }>): void {
    if (!this.#state.members.has(from.member)) return;
    this.#state.update(from.member, { person: to });
    this.#watches.get(from.member)?.cancel();
    this.#watches.set(to.member, this.#self.watch(to.member, () => ({ type: "gone", person: to })));
    if (from.name.text !== to.name.text) this.#happens({ type: "renamed", person: from, to });
  }

  #setAway({ person, away }: Extract<RoomCommand, { type: "set-away" }>): void {
    if (!this.#state.members.has(person.member)) return;
    this.#state.update(person.member, { isAway: away !== undefined });
    this.#happens({ type: "away", person, ...(away === undefined ? {} : { away }) });
  }

  #setTopic(command: Extract<RoomCommand, { type: "set-topic" }>): void {
    const { person, text } = command;
    if (!this.#state.members.has(person.member)) return this.#refuseOutsider(command);
    if (this.#state.modes.isTopicLocked && !this.#state.isOperator(person)) {
      return this.#refuse(command, "not-operator");
    }
    const topic = { text, by: person.name.text, setMs: this.#self.world.clock.now() };
    this.#state.topic = text === "" ? undefined : topic;
    this.#tellOwnerOfChange();
    this.#happens({ type: "topic", person, topic }, command.request);
    this.#answer(command, DONE);
  }

  #kick(command: Extract<RoomCommand, { type: "kick" }>): void {
    const { person: by, target, reason } = command;
    if (!this.#state.members.has(by.member)) return this.#refuseOutsider(command);
    if (!this.#state.isOperator(by)) return this.#refuse(command, "not-operator");
    const member = this.#state.named(target);
    if (member === undefined) return this.#refuse(command, "target-not-in-room", target.text);
    this.#happens({ type: "kicked", person: member.person, by, ...withReason(reason) }, command.request);
    this.#forget(member.person);
    this.#answer(command, DONE);
  }

  #invite(command: Extract<RoomCommand, { type: "invite" }>): void {
    const { person: by, target } = command;
    const { members, modes } = this.#state;
    if (!members.has(by.member)) return this.#refuseOutsider(command);
    if (modes.isInviteOnly && !this.#state.isOperator(by)) return this.#refuse(command, "not-operator");
    if (members.has(target.member)) return this.#refuse(command, "already-in-room", target.name.text);
    // Anybody may tell somebody of the room; only an operator opens it.
    if (this.#state.isOperator(by)) this.#state.invite(target);
    const { text, keys } = this.#options.name;
    target.member.tell({ type: "invited", by, room: text, roomKeys: keys });
    this.#happens({ type: "invited", person: by, target }, command.request);
    this.#answer(command, DONE);
  }

  #changeModes(command: Extract<RoomCommand, { type: "change-modes" }>): void {
    const { person } = command;
    if (!this.#state.members.has(person.member)) return this.#refuseOutsider(command);
    if (!this.#state.isOperator(person)) return this.#refuse(command, "not-operator");
    const changes: ModeChange[] = [];
    let refused: Answer | undefined;
    const nowMs = this.#self.world.clock.now();
    for (const wanted of command.changes) {
      const outcome = this.#state.change(wanted, person.name.text, nowMs, nameOf);
      if (outcome.type === "changed") changes.push(outcome.change);
      else if (outcome.type === "refused") refused ??= outcome;
    }
    if (changes.length > 0) {
      this.#tellOwnerOfChange();
      this.#happens({ type: "modes", person, changes }, command.request);
    }
    this.#answer(command, refused ?? DONE);
  }

  #happens(happening: Happening, request = 0): void {
    this.#tellAll(this.#eventOf(happening, request));
  }

  #tellAll(event: RoomEvent): void {
    const { onlyFor } = event;
    for (const [ref, { isOperator, hasVoice }] of this.#state.members) {
      if (onlyFor === undefined || isOperator || (onlyFor === "voices" && hasVoice)) ref.tell(event);
    }
  }

  /** Tells everybody what was said: for those who said it, that is the answer, but for those outside. */
  #tellSaid(): void {
    if (this.#said.length === 0) return;
    const talk = new Talk(this.#eventRoom(), this.#said);
    this.#said = [];
    for (const member of this.#state.members.keys()) member.tell(talk);
    for (const { happening: { person }, request } of talk.events) {
      if (!this.#state.members.has(person.member)) this.#answer({ person, request }, DONE);
    }
  }

  #eventOf(happening: Happening, request: number): RoomEvent {
    return new RoomEvent(
      this.#eventRoom(),
      happening,
      this.#ids.next(),
      this.#self.world.clock.now(),
      request,
    );
  }

  #eventRoom(): { readonly title: string; readonly key: string } {
    return { title: this.#options.name.text, key: this.#key };
  }

  #forget(person: Person): void {
    this.#watches.get(person.member)?.cancel();
    this.#watches.delete(person.member);
    this.#state.members.delete(person.member);
    this.#tellOwnerOfLeaving();
  }

  #tellOwnerOfLeaving(): void {
    this.#options.owner.tell({ type: "member-left", room: this.#self.self });
  }

  #tellOwnerOfChange(): void {
    const { topic, modes: { isSecret } } = this.#state;
    this.#options.owner.tell({ type: "room-changed", room: this.#self.self, topic, isSecret });
  }

  #answer({ person, request }: Asker, answer: Answer): void {
    person.member.tell({ type: "answer", request, answer });
  }

  #refuse(asker: Asker, reason: Refusal, detail?: string): void {
    this.#answer(asker, { type: "refused", reason, ...(detail === undefined ? {} : { detail }) });
  }

  /** Who is not in a secret room is told no more of it than of one that there is not. */
  #refuseOutsider(asker: Asker, reason: Refusal = "not-in-room"): void {
    const isHidden = this.#state.modes.isSecret && !this.#state.members.has(asker.person.member);
    this.#refuse(asker, isHidden ? "no-such-room" : reason, isHidden ? this.#options.name.text : undefined);
  }

  #show(command: Asker & { readonly type: "get-view" | "get-bans" }): void {
    const isMember = this.#state.members.has(command.person.member);
    const [view, { bans }] = [this.#view(), this.#state];
    if (view.modes.isSecret && !isMember) this.#refuseOutsider(command);
    else if (command.type === "get-view") this.#answer(command, { type: "view", view, isMember });
    else this.#answer(command, { type: "bans", title: view.title, bans });
  }

  #view(): RoomView {
    const { name } = this.#options;
    const { members, modes, topic } = this.#state;
    return {
      room: this.#self.self,
      title: name.text,
      keys: name.keys,
      members: [...members.values()],
      ...(topic === undefined ? {} : { topic }),
      modes,
      createdMs: this.#createdMs,
    };
  }
}

const DONE: Answer = { type: "done" };

function withReason(reason: string | undefined): { readonly reason?: string } {
  return reason === undefined ? {} : { reason };
}

function nameOf(text: string): ChatName | null {
  const name = parseChatName(text);
  return "keys" in name ? name : null;
}
