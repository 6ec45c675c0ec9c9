/**
 * Telling trackers of one torrent, and hearing of its peers from them.
 *
 * @module
 */
import {
  type AnnounceEvent,
  type AnnounceRequest,
  type AnnounceResponse,
  announceUrl,
  decodeAnnounceResponse,
  MAX_TRACKER_BYTES,
  TrackerError,
} from "../../protocols/tracker.ts";
import { assertNever, type Behavior, type Context, type Ref, withPrivateMessages } from "../runtime/mod.ts";
import { errorText } from "../world/world.ts";
import type { DialTarget } from "./address_book.ts";
import { httpGet } from "./http_get.ts";
import { TrackerTiers } from "./tracker_tiers.ts";
import { udpAnnounce } from "./udp_announce.ts";

/** How much of a torrent is there, and went to and fro, in bytes. */
export interface TransferCounts {
  readonly uploaded: number;
  readonly downloaded: number;
  readonly left: number;
}

/** What an {@linkcode announcer} can be told. */
export type AnnouncerCommand =
  /** Everything is there now. */
  | { readonly type: "announce-completed" }
  /** Something has changed at the trackers: they are asked anew, soon. */
  | { readonly type: "announce-soon" }
  | AnnounceAs;

/** The same pieces are known to the trackers as another torrent now: of another name. */
export interface AnnounceAs {
  /** For the tag. */
  readonly type: "announce-as";
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
  /** The info dictionary of that hash. */
  readonly infoBytes: Uint8Array;
}

/** Options of {@linkcode announcer}. */
export interface AnnouncerOptions {
  /** Addresses in tiers (BEP 12). */
  readonly trackers: readonly (readonly string[])[];
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  /** Where we listen. */
  readonly port: number;
  /** How it stands. */
  readonly counts: () => Promise<TransferCounts>;
  /** Told the peers. */
  readonly found: Ref<{ readonly type: "found-peers"; readonly targets: readonly DialTarget[] }>;
}

/** A tracker has answered. */
interface Announced {
  readonly type: "announced";
  readonly response: Extract<AnnounceResponse, { type: "peers" }>;
  readonly tracker: string;
  readonly request: AnnounceRequest;
}

type Private =
  | { readonly type: "due" }
  | Announced
  | { readonly type: "failed"; readonly error: unknown };

/** The most peers that are taken from one answer. */
const MAX_PEERS = 200;
const ANNOUNCE_MS = 10_000;
const MIN_INTERVAL_MS = 5000;
const MAX_INTERVAL_MS = 3_600_000;
/** Until something is there, more peers are looked for in a shorter time than trackers say. */
const HUNGRY_INTERVAL_MS = 10_000;
const RETRY_MIN_MS = 1000;
const RETRY_MAX_MS = 60_000;
const STOPPED_MS = 1000;

/**
 * Announces one torrent to its trackers, at the intervals that they say, to the first of them that answers.
 */
export function announcer(options: AnnouncerOptions): Behavior<AnnouncerCommand> {
  return withPrivateMessages<AnnouncerCommand, Private>((self) => {
    const it = new Announcer(self, options);
    return (message) => it.receive(message);
  });
}

class Announcer {
  readonly #self: Context<AnnouncerCommand | Private>;
  readonly #options: AnnouncerOptions;
  readonly #tiers: TrackerTiers;
  #isBusy = false;
  #isAgainWanted = false;
  #event: AnnounceEvent | undefined = "started";
  /** As what it is announced. */
  #infoHash: Uint8Array;
  #failures = 0;
  #isHungry = false;
  /** Where it was announced: told when it is over. */
  #toldTracker: string | undefined;
  #due: { cancel(): void } | undefined;

  constructor(self: Context<AnnouncerCommand | Private>, options: AnnouncerOptions) {
    this.#self = self;
    this.#options = options;
    this.#infoHash = options.infoHash;
    this.#tiers = new TrackerTiers(options.trackers);
    self.onStop(() => this.#sayStopped());
    if (!this.#tiers.isEmpty) self.self.tell({ type: "due" });
  }

  receive(message: AnnouncerCommand | Private): void {
    switch (message.type) {
      case "due":
        return this.#announce();
      case "announce-completed":
        this.#event = "completed";
        return this.#announce();
      case "announce-soon":
        if (this.#toldTracker !== undefined) this.#tiers.passOver(this.#toldTracker);
        return this.#announce();
      case "announce-as":
        this.#infoHash = message.infoHash;
        this.#event = "started";
        return this.#announce();
      case "announced":
        return this.#onAnnounced(message);
      case "failed":
        this.#isBusy = false;
        this.#self.log.debug(`No tracker answers: ${errorText(message.error)}`, { event: "no-tracker" });
        return this.#again(Math.min(this.#retryMaxMs, RETRY_MIN_MS * 2 ** this.#failures++));
      default:
        assertNever(message);
    }
  }

  get #retryMaxMs(): number {
    return this.#isHungry ? HUNGRY_INTERVAL_MS : RETRY_MAX_MS;
  }

  #again(delayMs: number): void {
    this.#due?.cancel();
    this.#due = this.#self.after(this.#isAgainWanted ? 0 : delayMs, { type: "due" });
    this.#isAgainWanted = false;
  }

  #announce(): void {
    if (this.#tiers.isEmpty) return;
    if (this.#isBusy) {
      this.#isAgainWanted = true;
      return;
    }
    this.#isBusy = true;
    this.#self.pipe<Announced>(
      this.#tryAll(this.#event),
      (announced) => announced,
      (error) => ({ type: "failed", error }),
    );
  }

  #onAnnounced({ response, tracker, request: { infoHash, event, left } }: Announced): void {
    this.#isBusy = false;
    this.#failures = 0;
    if (this.#infoHash === infoHash && this.#event === event) this.#event = undefined;
    else this.#isAgainWanted = true;
    const peers = response.peers.slice(0, MAX_PEERS);
    const targets = peers.map((address) => ({ address, infoHash }));
    this.#options.found.tell({ type: "found-peers", targets });
    const asked = Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, response.intervalSeconds * 1000));
    if (peers.length > 0) return this.#again(asked);
    const mayOthersKnow = left > 0 && this.#tiers.passOver(tracker);
    this.#again(mayOthersKnow ? 0 : Math.min(asked, HUNGRY_INTERVAL_MS));
  }

  /** Asks tracker after tracker, until one answers. */
  async #tryAll(event: AnnounceEvent | undefined): Promise<Announced> {
    const request = await this.#request(this.#infoHash, event);
    this.#isHungry = request.left > 0;
    let failure: unknown = new TrackerError("there is no tracker");
    for (const tracker of this.#tiers.inOrder()) {
      try {
        const response = await this.#ask(tracker, request, this.#self.signal);
        if (response.type === "failure") throw new TrackerError(response.reason);
        this.#tiers.answered(tracker);
        this.#toldTracker = tracker;
        return { type: "announced", response, tracker, request };
      } catch (error) {
        failure = error;
        this.#self.log.debug(`Cannot announce to ${tracker}: ${errorText(error)}`, {
          event: "announce-failed",
        });
      }
    }
    throw failure;
  }

  async #request(infoHash: Uint8Array, event: AnnounceEvent | undefined): Promise<AnnounceRequest> {
    const { peerId, port, counts } = this.#options;
    return { infoHash, peerId, port, ...await counts(), ...(event === undefined ? {} : { event }) };
  }

  async #ask(tracker: string, request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceResponse> {
    const { world } = this.#self;
    if (tracker.startsWith("udp:")) return await udpAnnounce(world, tracker, request, signal);
    const { status, bytes } = await httpGet(world, announceUrl(tracker, request), {
      timeoutMs: request.event === "stopped" ? STOPPED_MS : ANNOUNCE_MS,
      maxBytes: MAX_TRACKER_BYTES,
      signal,
    });
    if (status >= 500) throw new TrackerError(`the tracker answers with status ${status}`);
    return decodeAnnounceResponse(bytes);
  }

  async #sayStopped(): Promise<void> {
    this.#due?.cancel();
    const tracker = this.#toldTracker;
    if (tracker === undefined || tracker.startsWith("udp:")) return;
    try {
      const { peerId, port } = this.#options;
      const request = {
        infoHash: this.#infoHash,
        peerId,
        port,
        uploaded: 0,
        downloaded: 0,
        left: 0,
        event: "stopped",
      } as const;
      // The actor's own signal is aborted by now.
      await this.#ask(tracker, request, new AbortController().signal);
    } catch {
      // The tracker forgets in a while who is silent.
    }
  }
}
