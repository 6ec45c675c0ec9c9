/**
 * One room of the chat: the one place where the order of what happens in it is made.
 *
 * @module
 */
import type { ChatName } from "../../protocols/chat_names.ts";
import { type Behavior, type Context, type Ref, withPrivateMessages } from "../runtime/mod.ts";
import type { Cancellable } from "../world/world.ts";
import { encodeEntry, fittingEntries, type HistoryEntry, selectEntries } from "./history_entry.ts";
import type {
  Answer,
  Asker,
  Happening,
  MemberMessage,
  Person,
  Refusal,
  RoomCommand,
  RoomEvent,
  RoomView,
} from "./messages.ts";
import { SharedEvent } from "./room_event.ts";
import { SharedTalk } from "./talk.ts";
import type { HistoryCommand } from "./owner_messages.ts";
import type { RoomTexts } from "./room_properties.ts";
import { type MessageIds, messageIds } from "./message_ids.ts";
import { judge, outsiderRefusal, type RoomDeed } from "./room_rules.ts";
import { isTold, type RoomFact, RoomState } from "./room_state.ts";
import { type HistoryRequest, RoomSteps, type Step, type StepMessage } from "./room_steps.ts";

/** What the owner of the rooms is told by one of them. */
export type RoomNews =
  /** A member has gone, or was not let in. */
  | { readonly type: "member-left"; readonly room: Ref<RoomCommand> }
  /** What is said of the room in a list has changed. */
  | {
    readonly type: "room-changed";
    readonly room: Ref<RoomCommand>;
    readonly texts: RoomTexts;
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
  /** Said to everybody, and not yet told: what is said in one go is told in one. */
  #said: RoomEvent[] = [];

  constructor(self: Context<RoomCommand | Private>, options: RoomOptions) {
    this.#self = self;
    this.#options = options;
    this.#key = options.name.keys[0] ?? options.name.text;
    this.#ids = messageIds(self.world);
    this.#createdMs = self.world.clock.now();
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
      case "say":
        return this.#say(command, event);
      case "get-view":
      case "get-bans":
        return this.#show(command);
      case "get-history":
        return;
      default:
        return this.#carryOut(command);
    }
  }

  #carryOut(command: Exclude<RoomDeed<Ref<MemberMessage>>, { readonly type: "say" }>): void {
    const { name: { text: title }, hasFounder } = this.#options;
    const nowMs = this.#self.world.clock.now();
    const { facts, answer } = judge(this.#state, command, { title, hasFounder, nowMs });
    const request = "request" in command ? command.request : 0;
    for (const fact of facts) this.#happens(fact, request);
    // Let in twice, or not at all: it will go once.
    if (command.type === "join" && answer?.type === "refused") this.#tellOwnerOfLeaving();
    if (!("request" in command) || answer === undefined) return;
    if (command.type === "invite" && answer.type === "done") this.#tellOfInvitation(command);
    this.#answer(command, answer.type === "entered" ? { type: "joined", view: this.#view() } : answer);
  }

  #tellOfInvitation({ person: by, target }: Extract<RoomCommand, { type: "invite" }>): void {
    const { text, keys } = this.#options.name;
    target.member.tell({ type: "invited", by, room: text, roomKeys: keys });
  }

  /** Makes something true, and tells those of it who are in the room before or after. */
  #happens(fact: RoomFact, request: number): void {
    const event = isTold(fact) ? this.#eventOf(fact, request) : undefined;
    const isHeardByWhoGoes = fact.type === "parted" || fact.type === "kicked";
    if (event !== undefined && isHeardByWhoGoes) this.#tellAll(event);
    this.#state.apply(fact, event?.timeMs ?? this.#self.world.clock.now());
    switch (fact.type) {
      case "joined":
        this.#watch(fact.person);
        break;
      case "returned":
        this.#watch(fact.member.person);
        break;
      case "renamed":
        this.#watch(fact.to);
        break;
      case "parted":
      case "kicked":
      case "quit":
      case "vanished":
        this.#forget(fact.person);
        break;
      case "text":
      case "modes":
        this.#tellOwnerOfChange();
        break;
    }
    if (event !== undefined && !isHeardByWhoGoes) this.#tellAll(event);
  }

  /** However a member goes, it has left: a connection that fails says nothing. */
  #watch(person: Person): void {
    this.#watches.get(person.member)?.cancel();
    this.#watches.set(person.member, this.#self.watch(person.member, () => ({ type: "gone", person })));
  }

  #say(command: Extract<RoomCommand, { type: "say" }>, event: RoomEvent | undefined): void {
    // As it is now: said from within the room, not by one who has left it or was silenced meanwhile.
    const refusal = this.#state.silence(command.person);
    if (event !== undefined && refusal === undefined && command.onlyFor === undefined) {
      this.#said.push(event);
      return;
    }
    this.#tellSaid();
    if (event === undefined || refusal !== undefined) {
      return this.#answer(command, this.#refusalOf(command, "cannot-send"));
    }
    this.#tellAll(event);
    this.#answer(command, DONE);
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
    const talk = new SharedTalk(this.#eventRoom(), this.#said);
    this.#said = [];
    for (const member of this.#state.members.keys()) member.tell(talk);
    for (const { happening: { person }, request } of talk.events) {
      if (!this.#state.members.has(person.member)) this.#answer({ person, request }, DONE);
    }
  }

  #eventOf(happening: Happening, request: number): RoomEvent {
    return new SharedEvent(
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
    this.#tellOwnerOfLeaving();
  }

  #tellOwnerOfLeaving(): void {
    this.#options.owner.tell({ type: "member-left", room: this.#self.self });
  }

  #tellOwnerOfChange(): void {
    const { texts, modes: { isSecret } } = this.#state;
    this.#options.owner.tell({ type: "room-changed", room: this.#self.self, texts, isSecret });
  }

  #answer({ person, request }: Asker, answer: Answer): void {
    person.member.tell({ type: "answer", request, answer });
  }

  #refusalOf({ person }: Asker, reason?: Refusal): Answer {
    return outsiderRefusal(this.#state, person.member, this.#options.name.text, reason);
  }

  #show(command: Asker & { readonly type: "get-view" | "get-bans" }): void {
    const isMember = this.#state.members.has(command.person.member);
    const [view, { bans }] = [this.#view(), this.#state];
    if (view.modes.isSecret && !isMember) this.#answer(command, this.#refusalOf(command));
    else if (command.type === "get-view") this.#answer(command, { type: "view", view, isMember });
    else this.#answer(command, { type: "bans", title: view.title, bans });
  }

  #view(): RoomView {
    const { name } = this.#options;
    const { members, modes, texts } = this.#state;
    return {
      room: this.#self.self,
      title: name.text,
      keys: name.keys,
      members: [...members.values()],
      texts,
      modes,
      createdMs: this.#createdMs,
    };
  }
}

const DONE: Answer = { type: "done" };
