/**
 * One member of the chat, whatever door it came by: its name, its rooms, and what it has asked for and not
 * yet heard.
 *
 * A door reads commands and runs them here one after the other. What they ask of the chat's other actors is
 * answered in the member's own mailbox, in one order with all that happens: so an answer never overtakes what
 * came before it.
 *
 * @module
 */
import { type ChatName, sharesKey } from "../../protocols/chat_names.ts";
import type { TokenBucketOptions } from "../../protocols/token_bucket.ts";
import type { AddressRate, LoginRate, SessionContext } from "../net/mod.ts";
import { assertNever, type Ref } from "../runtime/mod.ts";
import type { Cancellable } from "../world/world.ts";
import type {
  Answer,
  Asker,
  MemberMessage,
  NamesCommand,
  Person,
  PrivateMessage,
  RoomCommand,
  RoomsCommand,
  RoomView,
} from "./messages.ts";
import type { RoomEvent } from "./room_event.ts";

/** What all members share. */
export interface ChatServices {
  readonly names: Ref<NamesCommand>;
  readonly rooms: Ref<RoomsCommand>;
  /** How fast one member may send lines. */
  readonly rate: TokenBucketOptions;
  /** How fast the members of one address may, all together. */
  readonly addressRate: AddressRate;
  /** How often somebody of one address may come back. */
  readonly logins: LoginRate;
  /** A stable stand-in for an address, which is not for other members to know. */
  readonly hostOf: (address: string) => string;
}

/** The connection of a member, as far as the chat's rules need it. */
export interface MemberConnection {
  readonly self: Ref<MemberMessage>;
  readonly context: SessionContext<MemberMessage>;
  pause(): void;
  resume(): void;
  /** Its name is wanted: closes it if it has been silent for too long, and says whether it did. */
  makeRoom(): boolean;
}

/** What a door does with what its member is told. */
export interface MemberDoor {
  /** Something happened in a room. */
  event(event: RoomEvent): void;
  privately(message: PrivateMessage): void;
  invited(invitation: Extract<MemberMessage, { readonly type: "invited" }>): void;
  presence(change: Extract<MemberMessage, { readonly type: "presence" }>): void;
}

/** A room that the member is in. */
export interface JoinedRoom {
  readonly room: Ref<RoomCommand>;
  readonly title: string;
  readonly name: ChatName;
  isOperator: boolean;
  hasVoice: boolean;
  isSecret: boolean;
  readonly watching: Cancellable;
}

/** Options of {@linkcode Member.run}. */
export interface CommandOptions {
  /** It need not wait for the answers to others that flow, as the lines of a talk do. @default false */
  readonly flows?: boolean;
  /** UTF-16 units that it holds until it is answered. @default 0 */
  readonly length?: number;
  /** Called once everything that the command asked for has been answered. */
  readonly settled?: () => void;
}

/** Text under way at which the member is read no further, and at which it is read again, in UTF-16 units. */
const MAX_LENGTH_UNDER_WAY = 64 * 1024;
const RESUME_LENGTH_UNDER_WAY = 32 * 1024;
/** What a command counts for beside its text. */
const COMMAND_LENGTH = 256;
/** Milliseconds that the answers to a command may take. A room may wait for its history's disk first. */
const ANSWER_TIMEOUT_MS = 15_000;

class Command {
  readonly work: () => void;
  readonly flows: boolean;
  readonly length: number;
  readonly settled: (() => void) | undefined;
  /** Requests that are not answered, and one while it is being run. */
  outstanding = 1;
  constructor(work: () => void, { flows = false, length = 0, settled }: CommandOptions) {
    this.work = work;
    this.settled = settled;
    this.flows = flows;
    this.length = length + COMMAND_LENGTH;
  }
}

interface Request {
  readonly command: Command;
  readonly then: (answer: Answer) => void;
  /** The room that it was sent to: should that fail, there is no answer. */
  readonly room: Ref<RoomCommand> | undefined;
}

/** The answer to a request that nobody will answer. */
const UNANSWERED: Answer = { type: "refused", reason: "no-such-room" };

/** A member, as its door drives it. */
export class Member {
  readonly #connection: MemberConnection;
  readonly #services: ChatServices;
  readonly #door: MemberDoor;
  readonly #rooms = new Map<string, JoinedRoom>();
  #person: Person | undefined;
  #away: string | undefined;
  #isGone = false;
  readonly #queue: Command[] = [];
  #current: Command | undefined;
  #underWay: { flowing: number; blocking: Command | undefined } = { flowing: 0, blocking: undefined };
  readonly #requests = new Map<number, Request>();
  #lastRequest = 0;
  #lengthUnderWay = 0;
  #isPaused = false;
  #overdue: Cancellable | undefined;

  constructor(connection: MemberConnection, services: ChatServices, door: MemberDoor) {
    this.#connection = connection;
    this.#services = services;
    this.#door = door;
    services.names.tell({ type: "arrived", member: connection.self });
  }

  /** Who it is; `undefined` before it has a name. */
  get person(): Person | undefined {
    return this.#person;
  }

  /** Why it is away; `undefined` when here. */
  get away(): string | undefined {
    return this.#away;
  }

  /** Whether it has left the chat. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** The rooms that it is in, the first joined first. */
  get rooms(): readonly JoinedRoom[] {
    return [...this.#rooms.values()];
  }

  /** The room of a name, when it is in that. */
  joined(name: ChatName): JoinedRoom | undefined {
    for (const key of name.keys) {
      const room = this.#rooms.get(key);
      if (room !== undefined) return room;
    }
    for (const room of this.#rooms.values()) if (sharesKey(room.name, name)) return room;
    return undefined;
  }

  /** Runs a command once those before it are answered. */
  run(work: () => void, options: CommandOptions = {}): void {
    const command = new Command(work, options);
    this.#queue.push(command);
    this.#setLength(this.#lengthUnderWay + command.length);
    this.#next();
  }

  /**
   * Takes a name, the first or another one; the rooms hear of another one. `then` is told as for any request.
   */
  claim(person: Person, then: (answer: Answer) => void): number {
    return this.request(
      person,
      (asker) => this.#services.names.tell({ ...asker, type: "claim" }),
      (answer) => {
        // It went while the name was asked for.
        if (this.#isGone) return this.#services.names.tell({ type: "release", member: person.member });
        const former = this.#person;
        if (answer.type === "done") {
          this.#person = person;
          if (former !== undefined) {
            for (const { room } of this.#rooms.values()) {
              room.tell({
                type: "rename",
                from: former,
                to: person,
              });
            }
          }
        }
        then(answer);
      },
    );
  }

  /** Goes into a room. */
  join(
    person: Person,
    name: ChatName,
    options: { readonly key?: string; readonly quietly?: { isOperator: boolean; hasVoice: boolean } },
    then: (answer: Answer) => void,
  ): number {
    const away = this.#away === undefined ? {} : { away: this.#away };
    return this.request(
      person,
      (asker) => this.#services.rooms.tell({ ...asker, type: "join", room: name, ...away, ...options }),
      (answer) => {
        if (answer.type === "joined") this.#enter(answer.view, person, name);
        then(answer);
      },
    );
  }

  /** Sends a command to the room of a name, whether the member is in it or not. */
  toRoom(
    person: Person,
    name: ChatName,
    make: (asker: Asker) => Extract<RoomCommand, Asker>,
    then: (answer: Answer) => void,
  ): number {
    const joined = this.joined(name);
    if (joined !== undefined) {
      return this.request(person, (asker) => joined.room.tell(make(asker)), then, joined.room);
    }
    return this.request(
      person,
      (asker) => this.#services.rooms.tell({ type: "to-room", room: name, command: make(asker) }),
      then,
    );
  }

  /** Sends a request to the owner of the names. */
  toNames(person: Person, make: (asker: Asker) => NamesCommand, then: (answer: Answer) => void): number {
    return this.request(person, (asker) => this.#services.names.tell(make(asker)), then);
  }

  /** Asks which rooms there are. */
  list(person: Person, then: (answer: Answer) => void): number {
    return this.request(person, (asker) => this.#services.rooms.tell({ ...asker, type: "list" }), then);
  }

  /**
   * Sends a request, whose answer belongs to the command that is being run. Answers its number, which is also
   * that of the events that it makes happen.
   */
  request(
    person: Person,
    send: (asker: Asker) => void,
    then: (answer: Answer) => void,
    room?: Ref<RoomCommand>,
  ): number {
    const command = this.#current ?? new Command(() => {}, { flows: true });
    if (this.#current === undefined) {
      this.#underWay.flowing++;
      this.#setLength(this.#lengthUnderWay + command.length);
    } else {
      command.outstanding++;
    }
    const request = ++this.#lastRequest;
    this.#requests.set(request, { command, then, room });
    send({ person, request });
    return request;
  }

  /** Tells everybody that the member is away, or back. */
  setAway(person: Person, away: string | undefined): void {
    this.#away = away;
    const change = { type: "set-away", person, ...(away === undefined ? {} : { away }) } as const;
    this.#services.names.tell(change);
    for (const { room } of this.#rooms.values()) room.tell(change);
  }

  /** Notes that the member has said something. */
  spoke(): void {
    this.#services.names.tell({ type: "spoke", member: this.#connection.self });
  }

  /** Hears of the comings and goings of a name, or no longer. */
  monitor(name: ChatName, on: boolean): void {
    this.#services.names.tell({ type: "monitor", member: this.#connection.self, name, on });
  }

  /** Leaves the chat. `quietly` when everybody does. */
  leave(options: { readonly quietly?: boolean; readonly reason?: string } = {}): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#overdue?.cancel();
    const { quietly = false, reason } = options;
    const person = this.#person;
    // The rooms first: who takes the name next must find its former owner gone.
    for (const { room, watching } of this.#rooms.values()) {
      watching.cancel();
      if (person === undefined) continue;
      room.tell({ type: "quit", person, quietly, ...(reason === undefined ? {} : { reason }) });
    }
    this.#rooms.clear();
    this.#services.names.tell({ type: "release", member: this.#connection.self });
  }

  /** What the others tell the member. */
  receive(message: MemberMessage): void {
    if (this.#isGone) return;
    switch (message.type) {
      case "event":
        this.#note(message);
        return this.#door.event(message);
      case "private":
        return this.#door.privately(message);
      case "invited":
        return this.#door.invited(message);
      case "presence":
        return this.#door.presence(message);
      case "answer":
        return this.#answered(message.request, message.answer);
      case "room-failed":
        return this.#goBackIn(message.room);
      case "tell-rooms":
        return this.#tellRooms(message);
      case "overdue":
        return this.#giveUp();
      case "name-wanted":
        if (this.#connection.makeRoom()) return this.leave();
        return this.#services.names.tell({ type: "keep", member: this.#connection.self });
      case "next-turn":
      case "look-for-life":
        return;
      default:
        assertNever(message);
    }
  }

  #enter(view: RoomView, person: Person, name: ChatName): void {
    const { room, title, keys, members } = view;
    if (this.#isGone) return room.tell({ type: "quit", person, quietly: false });
    const me = members.find((member) => member.person.member === person.member);
    this.#rooms.set(keys[0] ?? title, {
      room,
      title,
      name: { text: title, keys: keys.length === 0 ? name.keys : keys },
      isOperator: me?.isOperator ?? false,
      hasVoice: me?.hasVoice ?? false,
      isSecret: view.modes.isSecret,
      watching: this.#connection.context.watch(room, () => ({ type: "room-failed", room })),
    });
  }

  /** Keeps what the member knows of its rooms true. */
  #note({ room, happening }: RoomEvent): void {
    if (happening.type === "said") return;
    const joined = this.#rooms.get(room.key);
    if (joined === undefined) return;
    if (happening.type === "parted" || happening.type === "kicked") {
      if (happening.person.member !== this.#connection.self) return;
      joined.watching.cancel();
      this.#rooms.delete(room.key);
    } else if (happening.type === "modes") {
      for (const change of happening.changes) {
        if (change.type === "flag" && change.flag === "isSecret") joined.isSecret = change.on;
        if (!("name" in change) || change.name !== this.#person?.name.text) continue;
        if (change.type === "operator") joined.isOperator = change.on;
        else joined.hasVoice = change.on;
      }
    }
  }

  #tellRooms({ person, request }: Asker): void {
    const rooms = this.rooms.map(({ title, isOperator, hasVoice, isSecret }) => {
      return { title, isOperator, hasVoice, isSecret };
    });
    person.member.tell({ type: "answer", request, answer: { type: "memberships", rooms } });
  }

  /** A room that failed is made anew by the first of its members that goes back in. */
  #goBackIn(room: Ref<RoomCommand>): void {
    for (const [number, request] of this.#requests) {
      if (request.room === room) this.#answered(number, UNANSWERED);
    }
    const person = this.#person;
    for (const [key, joined] of this.#rooms) {
      if (joined.room !== room || person === undefined) continue;
      this.#rooms.delete(key);
      const { isOperator, hasVoice } = joined;
      this.join(person, joined.name, { quietly: { isOperator, hasVoice } }, () => {});
    }
  }

  #answered(number: number, answer: Answer): void {
    const request = this.#requests.get(number);
    if (request === undefined) return;
    this.#requests.delete(number);
    this.#current = request.command;
    request.then(answer);
    this.#current = undefined;
    this.#release(request.command);
    this.#next();
  }

  #next(): void {
    while (this.#current === undefined && !this.#isGone) {
      const { blocking, flowing } = this.#underWay;
      const command = this.#queue[0];
      if (command === undefined || blocking !== undefined || (flowing > 0 && !command.flows)) return;
      this.#queue.shift();
      if (command.flows) this.#underWay.flowing++;
      else this.#underWay.blocking = command;
      this.#current = command;
      command.work();
      this.#current = undefined;
      this.#release(command);
      if (this.#underWay.blocking === command) this.#watchTheClock();
    }
  }

  #release(command: Command): void {
    if (--command.outstanding > 0) return;
    if (this.#underWay.blocking === command) {
      this.#overdue?.cancel();
      this.#underWay.blocking = undefined;
    } else {
      this.#underWay.flowing--;
    }
    this.#setLength(this.#lengthUnderWay - command.length);
    if (!this.#isGone) command.settled?.();
  }

  #watchTheClock(): void {
    this.#overdue = this.#connection.context.after(ANSWER_TIMEOUT_MS, { type: "overdue" });
  }

  #giveUp(): void {
    const { blocking } = this.#underWay;
    for (const [number, { command }] of this.#requests) {
      if (command === blocking) this.#answered(number, UNANSWERED);
    }
  }

  /**
   * A room that is behind (its history's disk is slow) slows down those who write, and not those who read.
   */
  #setLength(length: number): void {
    this.#lengthUnderWay = length;
    if (!this.#isPaused && length >= MAX_LENGTH_UNDER_WAY) {
      this.#isPaused = true;
      this.#connection.pause();
    } else if (this.#isPaused && length <= RESUME_LENGTH_UNDER_WAY) {
      this.#isPaused = false;
      this.#connection.resume();
    }
  }
}
