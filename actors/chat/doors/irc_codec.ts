/**
 * Events as IRC clients read them, written once for all clients with the same capabilities.
 *
 * @module
 */
import {
  formatIrcBody,
  formatIrcText,
  formatTags,
  MAX_BODY_BYTES,
  splitText,
} from "../../../protocols/irc.ts";
import { assertNever } from "../../runtime/mod.ts";
import type { HistoryEntry, SpeechKind } from "../history_entry.ts";
import type { EventCodec, Person, PrivateMessage, RoomEvent } from "../messages.ts";
import type { ModeChange, RoomFlag } from "../room_properties.ts";
import { maskOf } from "../room_state.ts";
import { IRC_TEXTS } from "./irc_texts.ts";

/** The capabilities that change how an event is written. */
export interface CodecCapabilities {
  readonly messageTags: boolean;
  readonly serverTime: boolean;
  readonly extendedJoin: boolean;
  readonly awayNotify: boolean;
  readonly inviteNotify: boolean;
}

/** One message to a client: its tags, and its body without a line end. */
export interface IrcLine {
  readonly tags: readonly (readonly [string, string])[];
  readonly body: string;
}

const encoder = new TextEncoder();

/** The letters of the modes that are on or off. */
export const FLAG_LETTERS: Readonly<Record<RoomFlag, string>> = {
  isInviteOnly: "i",
  isModerated: "m",
  isMembersOnly: "n",
  isSecret: "s",
  isTopicLocked: "t",
};

/** Lines as bytes, ended. */
export function encodeLines(lines: readonly IrcLine[]): Uint8Array {
  return encoder.encode(lines.map(({ tags, body }) => `${formatTags(tags)}${body}\r\n`).join(""));
}

/** How events are written for clients with the same capabilities. */
export class IrcCodec implements EventCodec {
  readonly #capabilities: CodecCapabilities;

  constructor(capabilities: CodecCapabilities) {
    this.#capabilities = capabilities;
  }

  encode(event: RoomEvent): Uint8Array {
    return encodeLines(this.lines(event));
  }

  /** The messages that tell of an event. */
  lines(event: RoomEvent): IrcLine[] {
    const { happening, room, id, timeMs } = event;
    const channel = `#${room.title}`;
    const source = maskOf(happening.person);
    const told = (...bodies: string[]) => this.#tagged(bodies, happening.person, { timeMs });
    switch (happening.type) {
      case "joined":
        return this.#joined(channel, happening, timeMs);
      case "parted":
        return told(formatIrcBody(source, "PART", channel, ...optional(happening.reason)));
      case "quit":
        return told(formatIrcBody(source, "QUIT", happening.reason ?? ""));
      case "kicked": {
        const { by, person, reason } = happening;
        return this.#tagged(
          [formatIrcBody(maskOf(by), "KICK", channel, person.name.text, reason || by.name.text)],
          by,
          { timeMs },
        );
      }
      case "said": {
        const { onlyFor } = happening;
        const prefix = onlyFor === undefined ? "" : onlyFor === "operators" ? "@" : "+";
        return this.speech({ ...happening, to: `${prefix}${channel}`, id, timeMs });
      }
      case "renamed":
        return told(formatIrcBody(source, "NICK", happening.to.name.text));
      case "invited":
        if (!this.#capabilities.inviteNotify) return [];
        return told(inviteBody(source, happening.target.name.text, room.title));
      case "text":
        return told(formatIrcText(source, IRC_TEXTS[happening.name].command, channel, happening.text.text));
      case "modes":
        return told(...modeLines(source, channel, happening.changes));
      case "away":
        if (!this.#capabilities.awayNotify) return [];
        return told(formatIrcBody(source, "AWAY", ...optional(happening.away)));
      default:
        assertNever(happening);
    }
  }

  /** The messages that say something, as many as its length takes. */
  speech(said: Speech): IrcLine[] {
    const { person, to, kind, text, tags, id, timeMs } = said;
    const source = maskOf(person);
    const bodies = kind === "tags"
      ? this.#capabilities.messageTags ? [formatIrcBody(source, "TAGMSG", to)] : []
      : speechBodies(source, to, kind, text);
    return this.#tagged(bodies, person, { timeMs, id, tags });
  }

  /** A private message. */
  privately(message: PrivateMessage): IrcLine[] {
    return this.speech({ ...message, person: message.from });
  }

  /** An entry of a history, as what was said then. */
  entry(channel: string, entry: HistoryEntry, batch: string): IrcLine[] {
    const { name, user, host, kind, text, id, timeMs } = entry;
    const bodies = speechBodies(`${name}!${user}@${host}`, channel, kind, text);
    return bodies.map((body) => ({
      tags: [["batch", batch], ["time", isoTime(timeMs)], ...(id === "" ? [] : [["msgid", id] as const])],
      body,
    }));
  }

  #joined(
    channel: string,
    { person, away }: Extract<RoomEvent["happening"], { type: "joined" }>,
    timeMs: number,
  ): IrcLine[] {
    const { extendedJoin, awayNotify } = this.#capabilities;
    const bodies = [
      formatIrcBody(maskOf(person), "JOIN", channel, ...(extendedJoin ? ["*", person.realName] : [])),
    ];
    if (away !== undefined && awayNotify) bodies.push(formatIrcBody(maskOf(person), "AWAY", away));
    return this.#tagged(bodies, person, { timeMs });
  }

  #tagged(
    bodies: readonly string[],
    person: Person,
    { timeMs, id, tags = [] }: {
      readonly timeMs: number;
      readonly id?: string;
      readonly tags?: readonly (readonly [string, string])[];
    },
  ): IrcLine[] {
    const { messageTags, serverTime } = this.#capabilities;
    const all: (readonly [string, string])[] = [];
    if (serverTime) all.push(["time", isoTime(timeMs)]);
    if (messageTags) {
      if (id !== undefined) all.push(["msgid", id]);
      if (person.isBot) all.push(["bot", ""]);
      all.push(...tags);
    }
    return bodies.map((body) => ({ tags: all, body }));
  }
}

/** The message that tells of an invitation: the one who is invited, and operators. */
export function inviteBody(source: string, nick: string, room: string): string {
  return formatIrcBody(source, "INVITE", nick, `#${room}`);
}

/** Something said, to a channel or a person. */
export interface Speech extends Omit<PrivateMessage, "type" | "from"> {
  readonly person: Person;
}

/** Milliseconds since 1970 as `server-time` has them. */
export function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** Whether a text reaches others in one message. */
export function fitsOneMessage(
  person: Person,
  to: string,
  kind: Exclude<SpeechKind, "tags">,
  text: string,
): boolean {
  const source = maskOf(person);
  return surelyFits(source, to, text) || speechBodies(source, to, kind, text).length === 1;
}

/** What an action has beyond source, target and text, in bytes; nothing that is said has more. */
const MAX_SPEECH_FRAME_BYTES = ": PRIVMSG  :\x01ACTION \x01\r\n".length;

/** Whether a text is so short that its bytes need not be counted: a UTF-16 unit takes three at most. */
function surelyFits(source: string, to: string, text: string): boolean {
  return 3 * (source.length + to.length + text.length) + MAX_SPEECH_FRAME_BYTES <= MAX_BODY_BYTES;
}

function speechBodies(source: string, to: string, kind: Exclude<SpeechKind, "tags">, text: string): string[] {
  const command = kind === "notice" ? "NOTICE" : "PRIVMSG";
  const [open, close] = kind === "action" ? ["\x01ACTION ", "\x01"] : ["", ""];
  if (surelyFits(source, to, text)) return [formatIrcBody(source, command, to, `${open}${text}${close}`)];
  const frame = encoder.encode(`:${source} ${command} ${to} :${open}${close}\r\n`).length;
  return splitText(text, MAX_BODY_BYTES - frame)
    .map((piece) => formatIrcBody(source, command, to, `${open}${piece}${close}`));
}

/** Changes of modes, as many a message as fit. */
function modeLines(source: string, channel: string, changes: readonly ModeChange[]): string[] {
  const lines: string[] = [];
  let letters = "";
  let sign = "";
  let params: string[] = [];
  let bytes = 0;
  const end = () => {
    if (letters !== "") lines.push(formatIrcBody(source, "MODE", channel, letters, ...params));
    [letters, sign, params, bytes] = ["", "", [], 0];
  };
  for (const change of changes) {
    const { on, letter, param = "" } = modeOf(change);
    const paramBytes = encoder.encode(param).length;
    if (params.length >= MODES_PER_LINE || bytes + paramBytes > MAX_MODE_PARAMS_BYTES) end();
    if (sign !== (on ? "+" : "-")) letters += sign = on ? "+" : "-";
    letters += letter;
    if (param !== "") params.push(param);
    bytes += paramBytes;
  }
  end();
  return lines;
}

/** Parameters that one message has at the most, and their bytes: it must not be cut. */
const MODES_PER_LINE = 6;
const MAX_MODE_PARAMS_BYTES = 160;

function modeOf(
  change: ModeChange,
): { readonly on: boolean; readonly letter: string; readonly param?: string } {
  switch (change.type) {
    case "flag":
      return { on: change.on, letter: FLAG_LETTERS[change.flag] };
    case "key":
      return change.key === undefined
        ? { on: false, letter: "k", param: "*" }
        : { on: true, letter: "k", param: change.key };
    case "limit":
      return change.limit === undefined
        ? { on: false, letter: "l" }
        : { on: true, letter: "l", param: String(change.limit) };
    case "ban":
      return { on: change.on, letter: "b", param: change.mask };
    case "operator":
      return { on: change.on, letter: "o", param: change.name };
    case "voice":
      return { on: change.on, letter: "v", param: change.name };
    default:
      assertNever(change);
  }
}

function optional(text: string | undefined): string[] {
  return text === undefined ? [] : [text];
}
