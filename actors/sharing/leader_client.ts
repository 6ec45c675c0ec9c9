/**
 * What a node hears from the one that leads: the names of files, and who wants them.
 *
 * @module
 */
import type { LeaderKnown, LeaderLost, MembersChanged } from "../../protocols/election_events.ts";
import { assertNever, type Behavior, type Context, type Ref, withPrivateMessages } from "../runtime/mod.ts";
import { errorText } from "../world/world.ts";
import { type HttpAnswer, httpGet } from "./http_get.ts";
import { nodeUrl, type SharingNode } from "./nodes.ts";
import { readCatalogFiles, readWanting } from "./network_json.ts";
import type { SwarmsCommand } from "./swarms_commands.ts";

/** What a {@linkcode leaderClient} is told: by the election. */
export type LeaderClientCommand = LeaderKnown | LeaderLost | MembersChanged;

/** Options of {@linkcode leaderClient}. */
export interface LeaderClientOptions {
  /** All nodes. */
  readonly nodes: readonly SharingNode[];
  /** Told what is heard. */
  readonly swarms: Ref<SwarmsCommand>;
  /** Milliseconds between two questions. @default 1000 */
  readonly intervalMs?: number;
}

/** What is asked for. */
const PATHS = { files: "/files", wanting: "/swarm/wanting" } as const;
type Subject = keyof typeof PATHS;

type Private =
  | { readonly type: "due"; readonly subject: Subject; readonly leadership: number }
  | {
    readonly type: "answered";
    readonly subject: Subject;
    readonly leadership: number;
    readonly answer: HttpAnswer | undefined;
  };

const ASK_MS = 3000;
const MAX_BYTES = 32 * 1024 * 1024;

/** Asks the leader, whoever it is, every second. */
export function leaderClient(options: LeaderClientOptions): Behavior<LeaderClientCommand> {
  return withPrivateMessages<LeaderClientCommand, Private>((self) => {
    const it = new LeaderClient(self, options);
    return (message) => it.receive(message);
  });
}

class LeaderClient {
  readonly #self: Context<LeaderClientCommand | Private>;
  readonly #options: LeaderClientOptions;
  readonly #etags = new Map<Subject, string>();
  #leader: SharingNode | undefined;
  #leadership = 0;

  constructor(self: Context<LeaderClientCommand | Private>, options: LeaderClientOptions) {
    this.#self = self;
    this.#options = options;
  }

  receive(message: LeaderClientCommand | Private): void {
    switch (message.type) {
      case "leader-known":
        return this.#follow(this.#options.nodes.find(({ id }) => id === message.leader));
      case "leader-lost":
        return this.#follow(undefined);
      case "members-changed":
        return;
      case "due":
        if (message.leadership === this.#leadership) this.#ask(message.subject);
        return;
      case "answered":
        if (message.leadership !== this.#leadership) return;
        if (message.answer !== undefined) this.#onAnswer(message.subject, message.answer);
        this.#self.after(this.#options.intervalMs ?? 1000, { ...message, type: "due" });
        return;
      default:
        assertNever(message);
    }
  }

  #follow(leader: SharingNode | undefined): void {
    this.#leader = leader;
    this.#leadership++;
    this.#etags.clear();
    if (leader === undefined) return;
    this.#options.swarms.tell({ type: "announce-all" });
    this.#ask("files");
    this.#ask("wanting");
  }

  #ask(subject: Subject): void {
    const leader = this.#leader;
    if (leader === undefined) return;
    const { world, signal } = this.#self;
    const etag = this.#etags.get(subject);
    const leadership = this.#leadership;
    const asking = httpGet(world, nodeUrl(leader, PATHS[subject]), {
      timeoutMs: ASK_MS,
      maxBytes: MAX_BYTES,
      signal,
      ...(etag === undefined ? {} : { etag }),
    });
    this.#self.pipe<HttpAnswer>(
      asking,
      (answer) => ({ type: "answered", subject, leadership, answer }),
      () => ({ type: "answered", subject, leadership, answer: undefined }),
    );
  }

  #onAnswer(subject: Subject, { status, etag, bytes }: HttpAnswer): void {
    if (status !== 200) return;
    try {
      const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
      if (subject === "files") {
        this.#options.swarms.tell({ type: "set-aliases", aliases: readCatalogFiles(value) });
      } else {
        for (const { infoHash, peers } of readWanting(value)) {
          this.#options.swarms.tell({ type: "found-wanting", infoHash, addresses: peers });
        }
      }
      // Who wants something is told again each time: connections that ended are made anew.
      if (etag !== undefined && subject === "files") this.#etags.set(subject, etag);
    } catch (error) {
      this.#self.log.debug(`The leader's answer makes no sense: ${errorText(error)}`, {
        event: "leader-answer-invalid",
      });
    }
  }
}
