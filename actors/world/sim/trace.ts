/**
 * What happened in a simulation: the last events to read, and all of them as one number.
 *
 * @module
 */
import { visibleText } from "../../../protocols/visible_text.ts";
import { mix } from "./random.ts";

/** One thing that happened. */
export interface TraceEvent {
  /** Virtual milliseconds since the simulation began. */
  readonly timeMs: number;
  /** The host it happened at, or "" for the network and the plan. */
  readonly host: string;
  /** The path of the actor, where one is known, or the part of the world: `net`, `disk`, `fault`. */
  readonly actor: string;
  /** What happened. */
  readonly event: string;
}

/** Keeps the last events and a hash over all of them. */
export class Trace {
  #kept: KeptEvent[] = [];
  #next = 0;
  /** FNV-1a over everything, and a second number that each event is mixed into. */
  #hash = 0x811c9dc5;
  #chain = 0;
  #count = 0;
  readonly #capacity: number;

  /** Keeps the last `capacity` events. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Something happened; `contents` are the bytes that were read, written or sent in it. */
  add(timeMs: number, host: string, actor: string, event: string, contents?: Uint8Array): void {
    this.#count++;
    let hash = this.#hash ^ ((timeMs * 1000) | 0);
    hash = hashText(hash, host);
    hash = hashText(hash, actor);
    hash = hashText(hash, event);
    if (contents !== undefined) hash = hashBytes(hash, contents);
    this.#hash = hash;
    this.#chain = mix(this.#chain + hash + this.#count);
    if (this.#capacity === 0) return;
    const kept = this.#kept[this.#next] ??= new KeptEvent();
    kept.keep(timeMs, host, actor, event, contents);
    this.#next = (this.#next + 1) % this.#capacity;
  }

  /** How many events there were. */
  get count(): number {
    return this.#count;
  }

  /** Equal for equal runs, and for hardly any others. */
  get hash(): string {
    return mix(this.#hash).toString(16).padStart(8, "0") + this.#chain.toString(16).padStart(8, "0");
  }

  /** The last events, oldest first. */
  last(count: number): TraceEvent[] {
    const ordered = [...this.#kept.slice(this.#next), ...this.#kept.slice(0, this.#next)];
    return ordered.slice(-count).map((kept) => kept.toEvent());
  }
}

/** How many of the bytes are shown: a line's beginning tells what it is. */
const SAID_BYTES = 48;

/** An event, with the beginning of the bytes that were in it. Each is used again: there are very many. */
class KeptEvent {
  #timeMs = 0;
  #host = "";
  #actor = "";
  #event = "";
  readonly #said = new Uint8Array(SAID_BYTES);
  #saidBytes = 0;

  keep(timeMs: number, host: string, actor: string, event: string, contents: Uint8Array | undefined): void {
    this.#timeMs = timeMs;
    this.#host = host;
    this.#actor = actor;
    this.#event = event;
    this.#saidBytes = contents === undefined ? 0 : Math.min(contents.length, SAID_BYTES);
    // Byte by byte: a view of the beginning would cost more than to copy it.
    for (let at = 0; at < this.#saidBytes; at++) this.#said[at] = contents?.[at] ?? 0;
  }

  toEvent(): TraceEvent {
    const said = this.#saidBytes === 0 ? "" : `: ${shown(this.#said.subarray(0, this.#saidBytes))}`;
    return { timeMs: this.#timeMs, host: this.#host, actor: this.#actor, event: this.#event + said };
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Bytes as text, visible; where they are no text, those that are a visible character of ASCII as it is. */
function shown(bytes: Uint8Array): string {
  // A character may be cut in two at the end.
  for (let end = bytes.length; end > Math.max(0, bytes.length - 4); end--) {
    try {
      const text = visibleText(decoder.decode(bytes.subarray(0, end)));
      return end === SAID_BYTES ? `${text}…` : text;
    } catch {
      // Not so far.
    }
  }
  return Array.from(bytes.subarray(0, SAID_BYTES / 2), (byte) => {
    const isVisible = byte >= 0x20 && byte < 0x7f;
    return isVisible ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
  }).join("");
}

/** A separator, so that "ab" and "c" are not "a" and "bc". */
const END_OF_TEXT = 0xffff;
const FNV_PRIME = 0x01000193;

function hashText(hash: number, text: string): number {
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return Math.imul(hash ^ END_OF_TEXT, FNV_PRIME);
}

function hashBytes(hash: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), FNV_PRIME);
  return hash;
}

/** One line an event: time, host, actor, event. */
export function formatTrace(events: readonly TraceEvent[]): string {
  return events
    .map(({ timeMs, host, actor, event }) =>
      `${timeMs.toFixed(3).padStart(12)}  ${host.padEnd(8)}  ${actor.padEnd(24)}  ${event}`
    )
    .join("\n");
}
