/**
 * Who has which name, where the names are those of many servers: the registry says whose a name is, and each
 * server knows its own people.
 *
 * @module
 */
import type { ChatName } from "../../../protocols/chat_names.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import { randomName } from "../../cluster/names.ts";
import { type Behavior, type Context, type Ref, topic, withPrivateMessages } from "../../runtime/mod.ts";
import { type Cancellable, errorText } from "../../world/world.ts";
import type { MemberMessage, Person } from "../messages.ts";
import type { NamesCommand } from "../owner_messages.ts";
import { names, Watchers } from "../names.ts";
import type { CensusCommand, ServerGone } from "./census.ts";
import { Hearing } from "./hearing.ts";
import { lateness } from "./lateness.ts";
import type { People } from "./people.ts";
import {
  type AdoptReply,
  type ClaimReply,
  type Holder,
  type RegistryCommand,
  registryType,
  type ServerLife,
} from "./registry.ts";
import type { ServerSession } from "./session.ts";

/** Options of {@linkcode clusterNames}. */
export interface ClusterNamesOptions {
  readonly cluster: Cluster;
  readonly session: ServerSession;
  readonly people: People;
  readonly census: Ref<CensusCommand>;
}

/** The id of the entity that has the names of people. */
export const PEOPLE = "people";

/** Somebody has come, or has gone. */
interface Presence {
  readonly name: ChatName;
  readonly person?: Person;
}

const PRESENCE = topic<Presence>("chat.presence");
/** The owner of a name is asked whether it is still there. */
const WANTED = topic<{ readonly id: string }>("chat.wanted");

/** How often this server looks whether it may act. */
const LOOK_MS = 100;
/** And after how many looks the registry is told whom this server has. */
const LOOKS_AN_AUDIT = 50;
/** How long one question to the registry waits, and the pause before the next. */
const ASK_MS = 2000;
const AGAIN_MS = 200;
/** How long a claim waits for a name to be free whose owner is asked, or whose server may be gone. */
const CLAIM_MS = 1000;
const GONE_CLAIM_MS = 8000;
/** A claim that the registry does not answer is given up. */
const UNANSWERED_CLAIM_MS = 12_000;

type Claim = Extract<NamesCommand, { readonly type: "claim" }>;

type Private =
  | { readonly type: "look" }
  | { readonly type: "claim-again"; readonly claiming: Claiming }
  | { readonly type: "claimed"; readonly claiming: Claiming; readonly reply: ClaimReply | undefined }
  | {
    readonly type: "adopted";
    readonly begin: (lost: readonly string[]) => void;
    readonly reply: AdoptReply | undefined;
  }
  | { readonly type: "presence"; readonly presence: Presence }
  | { readonly type: "wanted"; readonly id: string };

/** What the names of a server can be told: by members, and by the census. */
export type ClusterNamesCommand = NamesCommand | ServerGone;

/** A claim on its way. */
interface Claiming {
  readonly claim: Claim;
  operationId: string;
  /** By which life of the server it was made last. */
  life: string | undefined;
  /** When it is given up, in monotonic milliseconds. */
  endsAtMs: number;
  hasAsked: boolean;
}

/** The names of all servers, as the members of this one see them. */
export function clusterNames(options: ClusterNamesOptions): Behavior<ClusterNamesCommand> {
  return withPrivateMessages<ClusterNamesCommand, Private>(async (self) => {
    const { cluster } = options;
    const hearing = new Hearing(self, cluster);
    const here = (message: Private) => self.self.tell(message);
    await hearing.hearPatiently(PRESENCE, (presence) => here({ type: "presence", presence }));
    await hearing.hearPatiently(WANTED, ({ id }) => here({ type: "wanted", id }));
    self.every(LOOK_MS, { type: "look" });
    const names = new ClusterNames(self, options);
    self.onStop(() => names.end());
    return (message) => names.receive(message);
  });
}

interface Member {
  readonly watching: Cancellable;
  /** Who it is; undefined before it has a name. */
  person: Person | undefined;
}

class ClusterNames {
  readonly #self: Context<ClusterNamesCommand | Private>;
  readonly #options: ClusterNamesOptions;
  readonly #registry: Ref<RegistryCommand>;
  /** The names of this server's people. */
  readonly #here: Ref<NamesCommand>;
  readonly #members = new Map<Ref<MemberMessage>, Member>();
  readonly #watchers = new Watchers();
  #isBeginning = false;
  #looks = 0;
  #lastClaim = 0;
  /** What the registry is yet to be told. */
  readonly #telling = new Set<Promise<unknown>>();
  #isOver = false;

  constructor(self: Context<ClusterNamesCommand | Private>, options: ClusterNamesOptions) {
    this.#self = self;
    this.#options = options;
    this.#registry = options.cluster.ref(registryType, PEOPLE);
    this.#here = self.spawn("here", names());
    options.census.tell({ type: "names", names: this.#here, owner: self.self });
    this.#look();
  }

  /** Waits a moment for the registry to hear of those who have gone. */
  async end(): Promise<void> {
    this.#isOver = true;
    const late = lateness(this.#self.world, ASK_MS);
    await late.orLate(Promise.all(this.#telling));
    late.cancel();
  }

  receive(message: ClusterNamesCommand | Private): void {
    switch (message.type) {
      case "arrived": {
        const { member } = message;
        // Should a connection go without a word, its name must not be lost with it.
        const watching = this.#self.watch(member, () => ({ type: "release", member }));
        this.#members.set(member, { watching, person: undefined });
        return this.#here.tell(message);
      }
      case "claim": {
        const claiming = {
          claim: message,
          operationId: this.#newOperation(),
          life: undefined,
          endsAtMs: this.#nowMs + UNANSWERED_CLAIM_MS,
          hasAsked: false,
        };
        return this.#claim(claiming);
      }
      case "claim-again":
        return this.#claim(message.claiming);
      case "claimed":
        return this.#claimed(message.claiming, message.reply);
      case "release":
        return this.#release(message.member);
      case "keep":
      case "set-away":
      case "spoke":
        return this.#here.tell(message);
      case "find":
      case "search":
      case "find-former":
      case "count":
        return this.#options.census.tell({ type: "ask-all", question: message });
      case "monitor": {
        const { member, name, on } = message;
        return on ? this.#watchers.add(member, name) : this.#watchers.remove(member, name);
      }
      case "presence": {
        const { name, person } = message.presence;
        return this.#watchers.tell(name, person && this.#options.people.same(person));
      }
      case "wanted":
        return this.#wanted(message.id);
      case "look":
        return this.#look();
      case "adopted":
        return this.#adopted(message.begin, message.reply);
      case "server-gone":
        return this.#giveUp(message.server);
    }
  }

  get #nowMs(): number {
    return this.#self.world.clock.monotonic();
  }

  #newOperation(): string {
    return randomName(this.#self.world.random);
  }

  /** Begins a new life where the one before is over: the registry says whose names have gone meanwhile. */
  #look(): void {
    const { session } = this.#options;
    if (++this.#looks % LOOKS_AN_AUDIT === 0) this.#audit();
    if (session.life !== undefined || this.#isBeginning) return;
    const next = session.next();
    if (next === undefined) return;
    this.#isBeginning = true;
    const holders = [...this.#members.values()].flatMap(({ person }) =>
      person === undefined ? [] : [this.#holder(person)]
    );
    const operationId = this.#newOperation();
    const { life: server, begin } = next;
    this.#self.pipe<AdoptReply>(
      this.#registry.ask({ type: "adopt", operationId, server, holders }, { timeoutMs: ASK_MS }),
      (reply) => ({ type: "adopted", begin, reply }),
      () => ({ type: "adopted", begin, reply: undefined }),
    );
  }

  #holder(person: Person): Holder {
    const { text, keys } = person.name;
    return { id: this.#options.people.idOf(person.member), text, keys, number: ++this.#lastClaim };
  }

  /** Frees names of those who have gone, and whose claims came late. */
  #audit(): void {
    const { session: { life: server }, people } = this.#options;
    if (server === undefined) return;
    const ids = [...this.#members.keys()].map((member) => people.idOf(member));
    this.#registry.ask({ type: "audit", server, upTo: this.#lastClaim, ids }, { timeoutMs: ASK_MS })
      .catch(() => {});
  }

  #adopted(begin: (lost: readonly string[]) => void, reply: AdoptReply | undefined): void {
    this.#isBeginning = false;
    if (reply === undefined) return;
    begin(reply.lost);
    this.#options.census.tell({ type: "show" });
    for (const server of reply.servers) this.#options.census.tell({ type: "suspect", server });
    for (const id of reply.lost) {
      this.#options.people.memberOf(id).tell({ type: "cut-off", why: "name-lost" });
    }
  }

  #claim(claiming: Claiming): void {
    const { claim, operationId } = claiming;
    const { session } = this.#options;
    // It may have come through.
    if (!this.#members.has(claim.person.member)) return this.#free(claim.person);
    const { life } = session;
    if (life === undefined) return this.#again(claiming);
    const holder: Holder = { ...this.#holder(claim.person), server: life };
    claiming.life ??= life.life;
    this.#self.pipe<ClaimReply>(
      this.#registry.ask({ type: "claim", operationId, holder }, { timeoutMs: ASK_MS }),
      (reply) => {
        if (reply.type === "given-up") session.givenUp(life);
        return { type: "claimed", claiming, reply };
      },
      () => ({ type: "claimed", claiming, reply: undefined }),
    );
  }

  /** Tries again in a moment, unless it has taken too long. */
  #again(claiming: Claiming, reason: "name-taken" | "unavailable" = "unavailable"): void {
    if (this.#nowMs < claiming.endsAtMs) {
      this.#self.after(AGAIN_MS, { type: "claim-again", claiming });
      return;
    }
    const { person, request } = claiming.claim;
    const answer = { type: "refused", reason, detail: person.name.text } as const;
    person.member.tell({ type: "answer", request, answer });
    // It may have come through all the same.
    this.#restore(person.member);
  }

  #claimed(claiming: Claiming, reply: ClaimReply | undefined): void {
    const { claim } = claiming;
    const { person } = claim;
    // Nobody knows: the same operation, sent again, is answered as the first time.
    if (reply === undefined) return this.#again(claiming);
    const isOfThisLife = claiming.life === this.#options.session.life?.life;
    claiming.operationId = this.#newOperation();
    claiming.life = undefined;
    if (reply.type === "given-up" || (reply.type === "done" && !isOfThisLife)) return this.#again(claiming);
    if (reply.type === "held") return this.#isHeld(claiming, reply.by);
    const member = this.#members.get(person.member);
    // It has gone meanwhile.
    if (member === undefined) return this.#free(person);
    const former = member.person;
    member.person = person;
    this.#here.tell(claim);
    if (former !== undefined && former.name.text !== person.name.text) this.#tellPresence(former.name);
    this.#tellPresence(person.name, person);
  }

  /** The owner says whether it is still there; a server that is gone is given up in a while. */
  #isHeld(claiming: Claiming, { id, server }: Holder): void {
    if (!claiming.hasAsked) {
      claiming.hasAsked = true;
      claiming.endsAtMs = this.#nowMs + CLAIM_MS;
      if (server !== undefined) this.#options.census.tell({ type: "suspect", server });
      this.#publish(() => this.#options.cluster.publish(WANTED, { id }));
      this.#options.cluster.hosts().then((hosts) => {
        const isGone = server !== undefined && hosts.every((host) => host.id !== server.id);
        if (isGone) claiming.endsAtMs += GONE_CLAIM_MS - CLAIM_MS;
      }, () => {});
    }
    this.#again(claiming, "name-taken");
  }

  #wanted(id: string): void {
    const member = this.#options.people.memberOf(id);
    if (this.#members.has(member)) member.tell({ type: "name-wanted" });
  }

  #release(member: Ref<MemberMessage>): void {
    this.#watchers.forget(member);
    this.#here.tell({ type: "release", member });
    const known = this.#members.get(member);
    known?.watching.cancel();
    this.#members.delete(member);
    if (known?.person === undefined) return;
    this.#free(known.person);
    this.#tellPresence(known.person.name);
  }

  /** The registry has the name that the member has, whatever became of its last claim. */
  #restore(member: Ref<MemberMessage>): void {
    const { person } = this.#members.get(member) ?? {};
    const { life } = this.#options.session;
    if (person === undefined || life === undefined) return;
    const holder: Holder = { ...this.#holder(person), server: life };
    this.#tell({ type: "claim", operationId: this.#newOperation(), holder });
  }

  #free(person: Person): void {
    const id = this.#options.people.idOf(person.member);
    this.#tell({ type: "release", operationId: this.#newOperation(), id });
  }

  /** Has the registry do something, as often as it takes. */
  #tell(command: RegistryTold): void {
    const telling = this.#untilTold(command).finally(() => this.#telling.delete(telling));
    this.#telling.add(telling);
  }

  async #untilTold(command: RegistryTold): Promise<void> {
    while (!this.#isOver) {
      try {
        await this.#registry.ask(command, { timeoutMs: ASK_MS });
        return;
      } catch {
        await lateness(this.#self.world, AGAIN_MS).promise;
      }
    }
  }

  /** Somebody's server is gone: whoever hears of it first tells all. */
  #giveUp(server: ServerLife): void {
    const operationId = this.#newOperation();
    this.#registry.ask({ type: "give-up", operationId, server }, { timeoutMs: ASK_MS }).then(
      (holders) => {
        for (const { text, keys } of holders) this.#tellPresence({ text, keys });
      },
      () => {
        if (!this.#isOver) this.#self.after(AGAIN_MS, { type: "server-gone", server });
      },
    );
  }

  #tellPresence(name: ChatName, person?: Person): void {
    const presence = { name, ...(person === undefined ? {} : { person }) };
    this.#publish(() => this.#options.cluster.publish(PRESENCE, presence));
  }

  /** Who cannot be told now is not told. */
  #publish(publish: () => void): void {
    try {
      publish();
    } catch (error) {
      this.#self.log.debug(`Cannot tell the other servers: ${errorText(error)}`, { event: "news-lost" });
    }
  }
}

type RegistryTold =
  | Omit<Extract<RegistryCommand, { readonly type: "claim" }>, "replyTo">
  | Omit<Extract<RegistryCommand, { readonly type: "release" }>, "replyTo">;
