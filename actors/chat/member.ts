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
import type { AddressRate, LoginRate } from "../net/mod.ts";
import { assertNever, type Ref } from "../runtime/mod.ts";
import { withFormerName } from "./former_names.ts";
import { type JoinedRoom, roomOf } from "./joined_room.ts";
import { goOut, memberOf, RoomNames, tellChanges } from "./let_in_late.ts";
import { type CommandFlow, type CommandOptions, MemberCommands } from "./member_commands.ts";
import type {
  Answer,
  Asker,
  MemberMessage,
  Person,
  PrivateMessage,
  RoomCommand,
  RoomEvent,
  RoomView,
  Talk,
} from "./messages.ts";
import type { NamesCommand, RoomsCommand } from "./owner_messages.ts";

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
export interface MemberConnection extends CommandFlow {
  readonly self: Ref<MemberMessage>;
  /** Its name is wanted: closes it if it has been silent for too long, and says whether it did. */
  makeRoom(): boolean;
}

/** What a door does with what its member is told. */
export interface MemberDoor {
  /** Something happened in a room. */
  event(event: RoomEvent): void;
  /** Things were said in a room. */
  talk(talk: Talk): void;
  privately(message: PrivateMessage): void;
  invited(invitation: Extract<MemberMessage, { readonly type: "invited" }>): void;
  presence(change: Extract<MemberMessage, { readonly type: "presence" }>): void;
  /** Its server was away for too long: says so, and ends the connection. */
  cutOff(why: Extract<MemberMessage, { readonly type: "cut-off" }>["why"]): void;
}

/** How often it is noted that somebody speaks, in milliseconds. */
const SPOKE_MS = 1000;

const DONE: Answer = { type: "done" };
const UNAVAILABLE: Answer = { type: "refused", reason: "unavailable" };

/** A member, as its door drives it. */
export class Member {
  readonly #connection: MemberConnection;
  readonly #services: ChatServices;
  readonly #door: MemberDoor;
  readonly #rooms = new Map<string, JoinedRoom>();
  /** Rooms that it is on its way into; with what an earlier try came to, too late, in the meantime. */
  readonly #joining = new Map<ChatName, RoomView | undefined>();
  /** Rooms that have failed, and that it does not know that it is not in. */
  readonly #goingBack = new RoomNames();
  #person: Person | undefined;
  #away: string | undefined;
  #isGone = false;
  /** Monotonic time at which it was noted last that the member spoke. */
  #spokeMs = -Infinity;
  readonly #commands: MemberCommands;

  constructor(connection: MemberConnection, services: ChatServices, door: MemberDoor) {
    this.#connection = connection;
    this.#services = services;
    this.#door = door;
    this.#commands = new MemberCommands(connection);
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
    return roomOf(this.#rooms, name);
  }

  /** The room of exactly this title, when it is in that. */
  titled(title: string): JoinedRoom | undefined {
    for (const room of this.#rooms.values()) if (room.title === title) return room;
    return undefined;
  }

  /** Runs a command once those before it are answered. */
  run(work: () => void, options: CommandOptions = {}): void {
    this.#commands.run(work, options);
  }

  /** Goes on with the command that is being run once the member has read most of what it was sent. */
  whenDrained(then: () => void): void {
    this.#commands.whenDrained(then);
  }

  /**
   * Takes a name, the first or another one; the rooms hear of another one. `then` is told as for any request.
   */
  claim(wanted: Person, then: (answer: Answer) => void): number {
    const person = withFormerName(wanted, this.#person, this.#connection.context.world.clock.now());
    return this.#commands.request(
      person,
      (asker) => this.#services.names.tell({ ...asker, type: "claim" }),
      (answer) => {
        const former = this.#person;
        if (answer.type === "done") {
          this.#person = person;
          if (former !== undefined) {
            for (const { room } of this.#rooms.values()) {
              room.tell({ type: "rename", from: former, to: person });
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
    this.#joining.set(name, undefined);
    if (options.quietly === undefined) this.#goingBack.decided(name);
    return this.#commands.request(
      person,
      (asker) => this.#services.rooms.tell({ ...asker, type: "join", room: name, ...away, ...options }),
      (answer) => {
        const isIn = answer.type === "refused" && answer.reason === "already-in-room";
        if (!isIn || this.joined(name) !== undefined) return this.#joined(person, name, answer, then);
        // It had been let in, and was not told in time.
        this.toRoom(person, name, (asker) => ({ ...asker, type: "get-view" }), (seen) => {
          if (seen.type !== "view" || !seen.isMember) return this.#joined(person, name, UNAVAILABLE, then);
          this.#joined(person, name, { type: "joined", view: seen.view }, then);
          tellChanges(seen.view, this.#person, this.#away);
        });
      },
    );
  }

  #joined(person: Person, name: ChatName, answer: Answer, then: (answer: Answer) => void): void {
    const late = this.#joining.get(name);
    this.#joining.delete(name);
    if (answer.type === "joined") this.#enter(answer.view, person, name);
    else if (late !== undefined) this.#letInLate(late);
    then(answer);
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
      return this.#commands.request(person, (asker) => joined.room.tell(make(asker)), then, joined.room);
    }
    return this.#commands.request(
      person,
      (asker) => {
        const command = make(asker);
        if (command.type === "part") this.#goingBack.decided(name);
        this.#services.rooms.tell({ type: "to-room", room: name, command });
      },
      then,
    );
  }

  /** Sends a request to the owner of the names. */
  toNames(person: Person, make: (asker: Asker) => NamesCommand, then: (answer: Answer) => void): number {
    return this.#commands.request(person, (asker) => this.#services.names.tell(make(asker)), then);
  }

  /** Asks which rooms there are. */
  list(person: Person, then: (answer: Answer) => void): number {
    return this.#commands.request(
      person,
      (asker) => this.#services.rooms.tell({ ...asker, type: "list" }),
      then,
    );
  }

  /** Asks another member which rooms it is in. */
  listRoomsOf(other: Person, person: Person, then: (answer: Answer) => void): number {
    return this.#commands.request(
      person,
      (asker) => other.member.tell({ ...asker, type: "tell-rooms" }),
      then,
    );
  }

  /** Tells everybody that the member is away, or back. */
  setAway(person: Person, away: string | undefined): void {
    this.#away = away;
    const change = { type: "set-away", person, ...(away === undefined ? {} : { away }) } as const;
    this.#services.names.tell(change);
    for (const { room } of this.#rooms.values()) room.tell(change);
  }

  /** Takes the event of what the member has said for the answer to its request. Idempotent. */
  readonly said = ({ request }: RoomEvent): void => void this.#commands.answered(request, DONE);

  /** Notes that the member has said something, once a second at most: others are told of it in seconds. */
  spoke(): void {
    const nowMs = this.#connection.context.coarseNow;
    if (nowMs - this.#spokeMs < SPOKE_MS) return;
    this.#spokeMs = nowMs;
    this.#services.names.tell({ type: "spoke", member: this.#connection.self });
  }

  /** Subscribes to the presence of a name, or ends that. */
  monitor(name: ChatName, on: boolean): void {
    this.#services.names.tell({ type: "monitor", member: this.#connection.self, name, on });
  }

  /** Leaves the chat. `quietly` when everybody does. */
  leave(options: { readonly quietly?: boolean; readonly reason?: string } = {}): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#commands.end();
    const { quietly = false, reason } = options;
    // The rooms first, also those that it is on its way into: who takes the name next must find its former
    // owner gone.
    for (const { watching } of this.#rooms.values()) watching.cancel();
    if (this.#person !== undefined) {
      const quit = {
        type: "quit",
        person: this.#person,
        quietly,
        ...(reason === undefined ? {} : { reason }),
      } as const;
      for (const { room } of this.#rooms.values()) room.tell(quit);
      for (const room of this.#joining.keys()) this.#services.rooms.tell({ type: "quit-room", room, quit });
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
      case "talk":
        this.#door.talk(message);
        if (message.isOf(this.#connection.self)) message.of(this.#connection.self).forEach(this.said);
        return;
      case "private":
        return this.#door.privately(message);
      case "invited":
        return this.#door.invited(message);
      case "presence":
        return this.#door.presence(message);
      case "answer":
        if (this.#commands.answered(message.request, message.answer)) return;
        return message.answer.type === "joined" ? this.#letInLate(message.answer.view) : undefined;
      case "room-ended":
        return this.#connection.self.tell({ type: "room-failed", room: message.room });
      case "room-failed":
        return this.#goBackIn(message.room);
      case "tell-rooms":
        return this.#tellRooms(message);
      case "overdue":
        return this.#commands.giveUp();
      case "drained":
        return this.#commands.drained();
      case "cut-off":
        this.#door.cutOff(message.why);
        return this.leave();
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
    const { room, title, keys } = view;
    const me = memberOf(view, person.member);
    this.#goingBack.decided(name);
    this.#rooms.set(keys[0] ?? title, {
      room,
      title,
      name: { text: title, keys: keys.length === 0 ? name.keys : keys },
      isOperator: me?.isOperator ?? false,
      hasVoice: me?.hasVoice ?? false,
      isSecret: view.modes.isSecret,
      watching: this.#connection.context.watch(room, () => ({ type: "room-ended", room })),
    });
  }

  #letInLate(view: RoomView): void {
    const { room, title: text, keys } = view;
    const isIt = (name: ChatName) => sharesKey(name, { text, keys });
    if (this.#person === undefined || this.rooms.some((joined) => joined.room === room)) return;
    const asked = [...this.#joining.keys()].find(isIt);
    if (asked !== undefined) return void this.#joining.set(asked, view);
    const back = this.#goingBack.find(isIt);
    if (back === undefined) return goOut(view, this.#connection.self);
    this.#enter(view, this.#person, back);
    tellChanges(view, this.#person, this.#away);
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
    this.#commands.roomFailed(room);
    const person = this.#person;
    for (const [key, joined] of this.#rooms) {
      if (joined.room !== room || person === undefined) continue;
      this.#rooms.delete(key);
      const quietly = { isOperator: joined.isOperator, hasVoice: joined.hasVoice };
      this.#goingBack.add(joined.name);
      // Under the name that it has then.
      this.run(() => this.join(this.#person ?? person, joined.name, { quietly }, () => {}));
    }
  }
}
