/**
 * Which servers there are, and what all of them know.
 *
 * What is asked of the whole chat (who is called so, which rooms there are) each server answers for its own
 * connections, and the server that was asked puts it together.
 *
 * @module
 */
import type { Cluster } from "../../cluster/cluster.ts";
import { type Behavior, type Context, type Ref, topic, withPrivateMessages } from "../../runtime/mod.ts";
import { errorText } from "../../world/world.ts";
import type { Answer, Asker, MemberMessage } from "../messages.ts";
import type { NamesCommand } from "../owner_messages.ts";
import { Hearing } from "./hearing.ts";
import { mergeAnswers, type Question } from "./merge_answers.ts";
import type { People } from "./people.ts";
import type { ServerLife } from "./registry.ts";
import type { ServerSession } from "./session.ts";

/** Asks for the rooms that somebody of this server is in. */
export type ListHere = Asker & { readonly type: "list-here" };

/** What the census can be told. */
export type CensusCommand =
  /** This server lives: the others are to know. */
  | { readonly type: "show" }
  /** A member's server may have died before this one started. */
  | { readonly type: "suspect"; readonly server: ServerLife }
  /** Asks all servers, and answers who asks. */
  | { readonly type: "ask-all"; readonly question: Question }
  /** From now on, questions for people are answered by `names`, and `owner` is told of servers. */
  | { readonly type: "names"; readonly names: Ref<NamesCommand>; readonly owner: Ref<ServerGone> }
  /** From now on, questions for rooms are answered by these, who are told of servers, too. */
  | { readonly type: "rooms"; readonly rooms: Ref<ListHere | ServerGone> };

/** A life of a server is over: its members are gone. */
export interface ServerGone {
  readonly type: "server-gone";
  readonly server: ServerLife;
}

/** Options of {@linkcode census}. */
export interface CensusOptions {
  readonly cluster: Cluster;
  readonly session: ServerSession;
  readonly people: People;
}

/** What servers tell each other now and then. */
interface Beat {
  readonly server: ServerLife;
}

const BEATS = topic<Beat>("chat.servers");
const QUESTIONS = topic<Question>("chat.questions");

/** How often a server says that it is there, and looks for the others. */
const BEAT_MS = 500;
const BEATS_A_SWEEP = 120;
/** A server that has said nothing for so long is not waited for. */
const SILENT_MS = 2000;
/** Milliseconds without a lease, in all that is heard, after which a server is gone for good. */
const GONE_MS = 2000;
/** How long the answers of all are waited for. */
const ANSWERS_MS = 700;

type Private =
  | Extract<MemberMessage, { readonly type: "answer" }>
  | { readonly type: "beat" }
  | { readonly type: "heard"; readonly beat: Beat }
  | { readonly type: "asked"; readonly question: Question }
  | { readonly type: "hosts"; readonly ids: readonly string[] | undefined }
  | { readonly type: "late"; readonly number: number };

/** Keeps track of the servers, and puts questions to all of them. */
export function census(options: CensusOptions): Behavior<CensusCommand> {
  return withPrivateMessages<CensusCommand, Private>(async (self) => {
    const { cluster } = options;
    const hearing = new Hearing(self, cluster);
    await hearing.hearPatiently(BEATS, (beat) => self.self.tell({ type: "heard", beat }));
    await hearing.hearPatiently(QUESTIONS, (question) => self.self.tell({ type: "asked", question }));
    self.every(BEAT_MS, { type: "beat" });
    const census = new Census(self, options);
    return (message) => census.receive(message);
  });
}

interface Known {
  readonly server: ServerLife;
  heardAtMs: number;
  /** Since when it has had no lease, as far as is known. */
  missingSinceMs: number | undefined;
}

interface Asked {
  readonly question: Question;
  readonly answers: Answer[];
  awaited: number;
}

class Census {
  readonly #self: Context<CensusCommand | Private>;
  readonly #options: CensusOptions;
  readonly #servers = new Map<string, Known>();
  readonly #asked = new Map<number, Asked>();
  /** Takes the answers to questions. */
  readonly #collector: Ref<MemberMessage>;
  #names: Ref<NamesCommand> | undefined;
  #rooms: Ref<ListHere> | undefined;
  readonly #owners: Ref<ServerGone>[] = [];
  #lastNumber = 0;
  #beats = 0;

  constructor(self: Context<CensusCommand | Private>, options: CensusOptions) {
    this.#self = self;
    this.#options = options;
    this.#collector = self.spawn<MemberMessage>("answers", () => (message) => {
      if (message.type === "answer") self.self.tell(message);
    });
  }

  receive(message: CensusCommand | Private): void {
    switch (message.type) {
      case "names":
        this.#names = message.names;
        this.#owners.push(message.owner);
        return;
      case "rooms":
        this.#rooms = message.rooms;
        this.#owners.push(message.rooms);
        return;
      case "suspect": {
        const { server } = message;
        const isKnown = server.id === this.#options.session.id || this.#servers.has(server.id);
        if (!isKnown) {
          this.#servers.set(server.id, { server, heardAtMs: -Infinity, missingSinceMs: undefined });
        }
        return;
      }
      case "ask-all":
        return this.#ask(message.question);
      case "asked":
        return this.#answerFor(message.question);
      case "answer":
        return this.#answered(message.request, message.answer);
      case "late":
        return this.#finish(message.number);
      case "beat":
      case "show":
        return this.#beat();
      case "heard":
        return this.#heard(message.beat.server);
      case "hosts":
        return this.#look(message.ids);
    }
  }

  get #nowMs(): number {
    return this.#self.world.clock.monotonic();
  }

  #beat(): void {
    const { cluster, session, people } = this.#options;
    if (++this.#beats % BEATS_A_SWEEP === 0) people.sweep();
    const { life } = session;
    if (life === undefined) return this.#look(undefined);
    try {
      cluster.publish(BEATS, { server: life });
    } catch (error) {
      this.#self.log.debug(`Cannot tell the other servers: ${errorText(error)}`, { event: "beat-lost" });
    }
    this.#self.pipe<Private>(
      cluster.hosts().then((hosts): Private => ({ type: "hosts", ids: hosts.map(({ id }) => id) })),
      (message) => message,
      () => ({ type: "hosts", ids: undefined }),
    );
  }

  #heard(server: ServerLife): void {
    if (server.id === this.#options.session.id) return;
    const isNew = (this.#servers.get(server.id)?.heardAtMs ?? -Infinity) === -Infinity;
    this.#servers.set(server.id, { server, heardAtMs: this.#nowMs, missingSinceMs: undefined });
    // It has started after this one, and knows no members yet.
    if (isNew) this.#beat();
  }

  /**
   * Looks for servers that are gone: who has no lease itself, or was not answered, knows nothing of others.
   */
  #look(ids: readonly string[] | undefined): void {
    const nowMs = this.#nowMs;
    const canTell = ids !== undefined && this.#options.session.life !== undefined;
    for (const [id, known] of this.#servers) {
      if (!canTell || ids.includes(id)) known.missingSinceMs = undefined;
      else known.missingSinceMs ??= nowMs;
      const { missingSinceMs } = known;
      if (missingSinceMs === undefined || nowMs - missingSinceMs < GONE_MS) continue;
      this.#servers.delete(id);
      this.#self.log.info(`The server ${id} is gone`, { event: "server-gone", server: id });
      for (const owner of this.#owners) owner.tell({ type: "server-gone", server: known.server });
    }
  }

  #ask(question: Question): void {
    const number = ++this.#lastNumber;
    const others = [...this.#servers.values()].filter(({ heardAtMs }) => this.#nowMs - heardAtMs < SILENT_MS);
    this.#asked.set(number, { question, answers: [], awaited: 1 + others.length });
    const ours = this.#asOurs(question, number);
    if (others.length === 0) return this.#answerFor(ours);
    this.#self.after(ANSWERS_MS, { type: "late", number });
    try {
      this.#options.cluster.publish(QUESTIONS, ours);
    } catch (error) {
      this.#self.log.debug(`Cannot ask the other servers: ${errorText(error)}`, { event: "question-lost" });
      this.#answerFor(ours);
    }
  }

  /** The question, to be answered to this actor. */
  #asOurs(question: Question, request: number): Question {
    return { ...question, person: { ...question.person, member: this.#collector }, request };
  }

  /** Answers for the connections of this server. */
  #answerFor(question: Question): void {
    if (question.type !== "list") return this.#names?.tell(question);
    const { person, request } = question;
    this.#rooms?.tell({ type: "list-here", person, request });
  }

  #answered(number: number, answer: Answer): void {
    const asked = this.#asked.get(number);
    asked?.answers.push(answer);
    if (asked !== undefined && --asked.awaited <= 0) this.#finish(number);
  }

  #finish(number: number): void {
    const asked = this.#asked.get(number);
    if (asked === undefined) return;
    this.#asked.delete(number);
    const { person, request }: Asker = asked.question;
    const answer = mergeAnswers(asked.question, asked.answers, this.#options.people);
    person.member.tell({ type: "answer", request, answer });
  }
}
