/**
 * Who is in a room, and what it lets them do. Pure: it tells nobody, and knows no time but the one it is
 * told.
 *
 * @module
 */
import { matchesMask, truncateBytes } from "../../protocols/irc.ts";
import { type ChatName, parseChatName, sharesKey } from "../../protocols/chat_names.ts";
import { assertNever, type Ref } from "../runtime/mod.ts";
import type { Happening, MemberMessage, Person, Refusal, RoomMember } from "./messages.ts";
import type { Ban, ModeChange, RoomModes, RoomTexts } from "./room_properties.ts";

/** The most bans of a room. */
export const MAX_BANS = 100;
/** The most invitations that a room remembers, the oldest first to go. */
const MAX_INVITATIONS = 1000;
/** The most UTF-16 units of a room's key. */
const MAX_KEY_LENGTH = 23;

/** The longest mask of a ban, in bytes: a message must hold it beside who has set it. */
const MAX_MASK_BYTES = 150;

/** The modes of a room that nobody has changed. */
const DEFAULT_MODES: RoomModes = {
  isInviteOnly: false,
  isModerated: false,
  isMembersOnly: true,
  isSecret: false,
  isTopicLocked: true,
};

/** A change of modes that is made, or why it is not. */
export type ModeOutcome =
  | { readonly type: "changed"; readonly change: ModeChange }
  | { readonly type: "unchanged" }
  | { readonly type: "refused"; readonly reason: Refusal; readonly detail: string };

/** `nick!user@host`, which masks are matched with. */
export function maskOf(person: Person<unknown>): string {
  return `${person.name.text}!${person.user}@${person.host}`;
}

/**
 * For so long, in milliseconds, a name is banned by what is said of it after somebody gave it up: who is put
 * out takes another name at once.
 */
const FORMER_NAME_MS = 60_000;

/** Whether a ban fits somebody, by the name of now or by one that was left for it. */
function bansPerson({ mask, setMs }: Ban, person: Person<unknown>): boolean {
  const former = (person.formerNames ?? []).filter(({ leftMs }) => setMs - leftMs < FORMER_NAME_MS);
  return [person.name, ...former.map(({ name }) => name)].some((name) => bansName(mask, name, person));
}

/** Whether a mask fits somebody of this name. A name without wildcards fits all that look like it. */
function bansName(mask: string, name: ChatName, { user, host }: Person<unknown>): boolean {
  const full = `${name.text}!${user}@${host}`;
  if (matchesMask(mask, full)) return true;
  const [nick = ""] = mask.split("!", 1);
  const banned = parseChatName(nick);
  return "keys" in banned && sharesKey(banned, name) && matchesMask(`*${mask.slice(nick.length)}`, full);
}

/** What changes a room: what its members are told, and what nobody is told. */
export type RoomFact<M = Ref<MemberMessage>> =
  | Happening<M>
  /** In the room, as it had been before without knowing that it was out. */
  | { readonly type: "returned"; readonly member: RoomMember<M> }
  /** Gone, and nobody is told. */
  | { readonly type: "vanished"; readonly person: Person<M> };

/** Whether the members of a room are told of something. */
export function isTold<M>(fact: RoomFact<M>): fact is Happening<M> {
  switch (fact.type) {
    case "returned":
    case "vanished":
      return false;
    case "renamed":
      return fact.person.name.text !== fact.to.name.text;
    default:
      return true;
  }
}

/** All that a room is, as it can be kept. */
export interface RoomData<M> {
  readonly members: ReadonlyMap<M, RoomMember<M>>;
  readonly texts: RoomTexts;
  readonly modes: RoomModes;
  /** By mask, the oldest first. */
  readonly bans: ReadonlyMap<string, Ban>;
  readonly invited: ReadonlySet<M>;
}

/** A room that nobody has been in. */
export function emptyRoom<M>(): RoomData<M> {
  return { members: new Map(), texts: {}, modes: DEFAULT_MODES, bans: new Map(), invited: new Set() };
}

/** The members of a room, and its rules. */
export class RoomState<M = Ref<MemberMessage>> {
  readonly members: Map<M, RoomMember<M>>;
  #texts: RoomTexts;
  #modes: RoomModes;
  readonly #bans: Map<string, Ban>;
  readonly #invited: Set<M>;
  /** Whom a ban fits, as far as it was asked: everything that somebody says asks it. */
  #isBanned = new WeakMap<Person<M>, boolean>();

  /** A room that begins as it was kept. */
  constructor(data: RoomData<M> = emptyRoom()) {
    this.members = new Map(data.members);
    this.#texts = data.texts;
    this.#modes = data.modes;
    this.#bans = new Map(data.bans);
    this.#invited = new Set(data.invited);
  }

  /** The room as it can be kept: it goes on changing where the room does. */
  get data(): RoomData<M> {
    return {
      members: this.members,
      texts: this.#texts,
      modes: this.#modes,
      bans: this.#bans,
      invited: this.#invited,
    };
  }

  /** Its texts that are set. */
  get texts(): RoomTexts {
    return this.#texts;
  }

  /** What the room allows now. */
  get modes(): RoomModes {
    return this.#modes;
  }

  /** Who may not come in, in the order of the bans. */
  get bans(): readonly Ban[] {
    return [...this.#bans.values()];
  }

  /** Why somebody may not come in; `undefined` for welcome. */
  admission(person: Person<M>, key: string | undefined): Refusal | undefined {
    const modes = this.#modes;
    if (this.#invited.has(person.member)) return undefined;
    if (modes.isInviteOnly) return "invite-only";
    if (this.isBanned(person)) return "banned";
    if (modes.key !== undefined && modes.key !== key) return "bad-key";
    if (modes.limit !== undefined && this.members.size >= modes.limit) return "full";
    return undefined;
  }

  /** Makes true what has happened, at a time in milliseconds since 1970. */
  apply(fact: RoomFact<M>, timeMs: number): void {
    switch (fact.type) {
      case "joined": {
        const { person, isOperator, away } = fact;
        return this.#admit({ person, isOperator, hasVoice: false, isAway: away !== undefined });
      }
      case "returned":
        return this.#admit(fact.member);
      case "parted":
      case "quit":
      case "kicked":
      case "vanished":
        this.members.delete(fact.person.member);
        return;
      case "renamed":
        return this.#update(fact.person.member, { person: fact.to });
      case "away":
        return this.#update(fact.person.member, { isAway: fact.away !== undefined });
      case "text": {
        const { [fact.name]: _, ...others } = this.#texts;
        this.#texts = fact.text.text === "" ? others : { ...others, [fact.name]: fact.text };
        return;
      }
      case "modes":
        for (const change of fact.changes) this.change(change, fact.person.name.text, timeMs);
        return;
      case "invited":
        // Anybody may tell somebody of the room; only an operator opens it.
        if (this.isOperator(fact.person)) this.#invite(fact.target);
        return;
      case "said":
        return;
      default:
        assertNever(fact);
    }
  }

  #admit(member: RoomMember<M>): void {
    this.members.set(member.person.member, member);
    this.#invited.delete(member.person.member);
  }

  /** Remembers an invitation, which opens any door once. */
  #invite(person: Person<M>): void {
    for (const oldest of this.#invited) {
      if (this.#invited.size < MAX_INVITATIONS) break;
      this.#invited.delete(oldest);
    }
    this.#invited.add(person.member);
  }

  /** Why somebody is not heard here; `undefined` for heard. */
  silence(person: Person<M>): Refusal | undefined {
    const member = this.members.get(person.member);
    if (member === undefined && this.#modes.isMembersOnly) return "cannot-send";
    if (member?.isOperator || member?.hasVoice) return undefined;
    return this.#modes.isModerated || this.isBanned(person) ? "cannot-send" : undefined;
  }

  /** Whether a ban fits somebody. */
  isBanned(person: Person<M>): boolean {
    if (this.#bans.size === 0) return false;
    const known = this.#isBanned.get(person);
    if (known !== undefined) return known;
    const isBanned = this.bans.some((ban) => bansPerson(ban, person));
    this.#isBanned.set(person, isBanned);
    return isBanned;
  }

  /** Whether somebody is an operator of this room. */
  isOperator(person: Person<M>): boolean {
    return this.members.get(person.member)?.isOperator === true;
  }

  /** The member that a name is of. */
  named(name: ChatName): RoomMember<M> | undefined {
    for (const member of this.members.values()) {
      if (sharesKey(member.person.name, name)) return member;
    }
    return undefined;
  }

  #update(ref: M, change: Partial<RoomMember<M>>): void {
    const member = this.members.get(ref);
    if (member !== undefined) this.members.set(ref, { ...member, ...change });
  }

  /** Makes one change of modes, by an operator. */
  change(change: ModeChange, by: string, nowMs: number): ModeOutcome {
    const modes = this.#modes;
    switch (change.type) {
      case "flag":
        if (modes[change.flag] === change.on) return { type: "unchanged" };
        this.#modes = { ...modes, [change.flag]: change.on };
        return { type: "changed", change };
      case "key": {
        const { key: _, ...keyless } = modes;
        if (change.key === undefined) {
          if (modes.key === undefined) return { type: "unchanged" };
          this.#modes = keyless;
          return { type: "changed", change };
        }
        if (!isRoomKey(change.key)) return { type: "refused", reason: "bad-mode-argument", detail: "k" };
        this.#modes = { ...keyless, key: change.key };
        return { type: "changed", change };
      }
      case "limit": {
        const { limit: _, ...unlimited } = modes;
        if (change.limit === modes.limit) return { type: "unchanged" };
        this.#modes = change.limit === undefined ? unlimited : { ...unlimited, limit: change.limit };
        return { type: "changed", change };
      }
      case "ban":
        return this.#changeBan(change, by, nowMs);
      case "operator":
      case "voice": {
        const name = parseChatName(change.name);
        const member = "problem" in name ? undefined : this.named(name);
        if (member === undefined) {
          return { type: "refused", reason: "target-not-in-room", detail: change.name };
        }
        const has = change.type === "operator" ? member.isOperator : member.hasVoice;
        if (has === change.on) return { type: "unchanged" };
        const update = change.type === "operator" ? { isOperator: change.on } : { hasVoice: change.on };
        this.#update(member.person.member, update);
        return { type: "changed", change: { ...change, name: member.person.name.text } };
      }
    }
  }

  #changeBan(change: Extract<ModeChange, { type: "ban" }>, by: string, nowMs: number): ModeOutcome {
    const { mask, on } = change;
    const known = [...this.#bans.keys()].find((other) => other.toLowerCase() === mask.toLowerCase());
    if (!on) {
      if (known === undefined) return { type: "unchanged" };
      this.#bans.delete(known);
      this.#isBanned = new WeakMap();
      return { type: "changed", change: { ...change, mask: known } };
    }
    if (known !== undefined) return { type: "unchanged" };
    if (!isMask(mask)) {
      return { type: "refused", reason: "bad-mask", detail: truncateBytes(mask, MAX_MASK_BYTES) };
    }
    if (this.#bans.size >= MAX_BANS) return { type: "refused", reason: "ban-list-full", detail: mask };
    this.#bans.set(mask, { mask, by, setMs: nowMs });
    this.#isBanned = new WeakMap();
    return { type: "changed", change };
  }
}

/** Whether a text can be a mask: it must fit into a command as one word. */
function isMask(text: string): boolean {
  return truncateBytes(text, MAX_MASK_BYTES) === text && !/[\s\p{Cc}]/u.test(text) && !text.startsWith(":");
}

/** Whether a text can be a room's key: it must fit into a command as one word. */
function isRoomKey(text: string): boolean {
  // deno-lint-ignore no-control-regex -- control characters are what it looks for
  return text.length >= 1 && text.length <= MAX_KEY_LENGTH && !/[\u0000-\u0020,\u007f]/.test(text) &&
    !text.startsWith(":");
}
