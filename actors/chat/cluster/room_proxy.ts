/**
 * A room of all servers, as the members of one server reach it.
 *
 * What they want done goes to the room's entity in batches, one after the other, each by a name of its own:
 * sent again after no answer came, it is done once. What happened comes by the room's topic, or is asked for
 * where it did not come; and no member is answered before it has been told what came before.
 *
 * @module
 */
import { type Behavior, type Context, type Ref, withPrivateMessages } from "../../runtime/mod.ts";
import type { Cancellable } from "../../world/world.ts";
import type { MemberMessage, Person, RoomCommand } from "../messages.ts";
import type { ServerGone } from "./census.ts";
import { serverOf } from "./people.ts";
import type { ServerLife } from "./registry.ts";
import { RoomAnswers } from "./room_answers.ts";
import { GONE_REASON, type RoomEntityCommand, type RoomNow, roomTopic, roomType } from "./room_entity.ts";
import type { BatchReply } from "./room_entity_state.ts";
import type { RoomNews } from "./room_record.ts";
import { RoomMirror } from "./room_mirror.ts";
import { type Deed, RoomQueue, type Work } from "./room_queue.ts";
import { Hearing } from "./hearing.ts";
import { lateness } from "./lateness.ts";
import type { RoomProxyOptions } from "./room_proxy_options.ts";

/** An outcome, which is told once the news up to `seq` have been told. */
interface Outcome {
  readonly seq: number;
  readonly tell: () => void;
}

type Private =
  | { readonly type: "looked"; readonly now: RoomNow | undefined }
  | { readonly type: "news"; readonly news: RoomNews }
  /** `null`: too much is missing; undefined: nobody knows. */
  | { readonly type: "caught-up"; readonly news: RoomNews | null | undefined }
  | { readonly type: "outcome"; readonly outcome: Outcome | undefined }
  | { readonly type: Later | "go-on" | "look-again" | "hearing" }
  | { readonly type: "gone"; readonly person: Person };

/** What is done again after a pause. */
type Later = "look" | "send" | "catch-up" | "are-news-missing";

/** How long one question to the entity waits, and the pause before it is asked again. */
const ASK_MS = 3000;
const AGAIN_MS = 50;
/** How long news may take that an answer speaks of, before they are asked for. */
const NEWS_MS = 30;
/** How often news are asked for that may be missing, and an idle room is looked for. */
const LOOK_MS = 5000;
const LOOKS_A_CATCH_UP = 3;
/** How long a room that ends waits. */
const END_MS = 2000;

/** A room's actor on one server. */
export function roomProxy(options: RoomProxyOptions): Behavior<RoomCommand | ServerGone> {
  return withPrivateMessages<RoomCommand | ServerGone, Private>((self) => {
    const { cluster, id } = options;
    const hearing = new Hearing(self, cluster);
    const heard = (news: RoomNews) => self.self.tell({ type: "news", news });
    const reachable = cluster.observeConnection((isConnected) => {
      if (isConnected) self.self.tell({ type: "look-again" });
    });
    self.onStop(() => reachable.cancel());
    const proxy = new RoomProxy(self, options, () => hearing.hear(roomTopic(id), heard));
    self.onStop(() => proxy.end());
    return (message) => proxy.receive(message);
  });
}

class RoomProxy {
  readonly #self: Context<RoomCommand | ServerGone | Private>;
  readonly #options: RoomProxyOptions;
  readonly #entity: Ref<RoomEntityCommand>;
  readonly #mirror: RoomMirror;
  readonly #watches = new Map<Ref<MemberMessage>, Cancellable>();
  readonly #answers: RoomAnswers;
  readonly #hear: () => Promise<void>;
  readonly #queue: RoomQueue;
  #isHearing = false;
  #underWay: Work | undefined;
  #outcome: Outcome | undefined;
  #isCatchingUp = false;
  /** A turn is planned. */
  #isPlanned = false;
  /** News that came before the room was known. */
  #early: RoomNews[] = [];
  #handled = 0;
  #handledBefore = -1;
  #looks = 0;

  /** `hear` has its news come; it rejects where the engine does not answer. */
  constructor(
    self: Context<RoomCommand | ServerGone | Private>,
    options: RoomProxyOptions,
    hear: () => Promise<void>,
  ) {
    this.#self = self;
    this.#options = options;
    this.#hear = hear;
    this.#entity = options.cluster.ref(roomType, options.id);
    this.#mirror = new RoomMirror({
      key: options.name.keys[0] ?? options.name.text,
      server: options.session.id,
      people: options.people,
      entered: (person) => this.#watch(person),
      left: ({ member }, fact) => {
        this.#watches.get(member)?.cancel();
        this.#watches.delete(member);
        // The others had given this server up, and it lives: what was said meanwhile is in the history.
        const isGivenUp = fact.type === "quit" && fact.reason === GONE_REASON;
        if (isGivenUp) member.tell({ type: "cut-off", why: "news-missed" });
      },
    });
    this.#answers = new RoomAnswers(this.#mirror, self.self);
    this.#queue = new RoomQueue(self.world);
    options.mirrored(this.#mirror);
    self.every(LOOK_MS, { type: "look-again" });
    this.#look();
  }

  /** Does what is left to be done, for a while: nothing comes by the mailbox any more. */
  async end(): Promise<void> {
    const late = lateness(this.#self.world, END_MS);
    try {
      while (!late.isUp && (this.#underWay !== undefined || !this.#queue.isEmpty)) {
        const { life } = this.#options.session;
        this.#underWay ??= this.#queue.takeLast();
        const outcome = life === undefined ? undefined : await late.orLate(this.#ask(this.#underWay, life));
        if (outcome === undefined) await late.orLate(lateness(this.#self.world, AGAIN_MS).promise);
        else this.#underWay = undefined;
      }
    } finally {
      late.cancel();
      this.#mirror.end();
    }
  }

  receive(message: RoomCommand | ServerGone | Private): void {
    switch (message.type) {
      case "looked":
        return this.#looked(message.now);
      case "news":
        return this.#heard(message.news);
      case "caught-up":
        return this.#caughtUp(message.news);
      case "outcome":
        return this.#cameTo(message.outcome);
      case "go-on":
        this.#isPlanned = false;
        return this.#next();
      case "are-news-missing":
        return this.#outcome === undefined ? undefined : this.#catchUp();
      case "catch-up":
        return this.#catchUp();
      case "hearing":
        this.#isHearing = true;
        return this.#look();
      case "look":
        return this.#look();
      case "send":
        return this.#send();
      case "look-again":
        return this.#lookAgain();
      case "gone":
        // A watch goes before what waits: what the member said before it went is heard first.
        this.#self.self.tell({ type: "quit", person: message.person, quietly: false });
        return;
      default:
        this.#handled++;
        // Those of other servers are told that somebody has left, even if all of this one do.
        this.#add(message.type === "quit" ? { ...message, quietly: false } : message);
    }
  }

  #add(command: RoomCommand | ServerGone): void {
    this.#queue.add(command);
    this.#soon();
  }

  /** What comes in one go goes into one batch. */
  #soon(afterMs = 0): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    if (afterMs > 0) this.#self.after(afterMs, { type: "go-on" });
    else this.#self.self.tell({ type: "go-on" });
  }

  /** What happens after it was looked at is heard: that comes first. */
  #look(): void {
    if (!this.#isHearing) {
      const lost = (): Private => ({ type: "looked", now: undefined });
      return this.#self.pipe<void>(this.#hear(), () => ({ type: "hearing" }), lost);
    }
    const { name } = this.#options;
    this.#self.pipe<RoomNow>(
      this.#entity.ask({ type: "look", name }, { timeoutMs: ASK_MS }),
      (now) => ({ type: "looked", now }),
      () => ({ type: "looked", now: undefined }),
    );
  }

  #looked(now: RoomNow | undefined): void {
    if (now === undefined) return this.#later("look");
    this.#mirror.start(now);
    for (const [id, life] of now.servers) {
      if (this.#hasMembersOf({ id, life })) {
        this.#options.owner.tell({ type: "suspect", server: { id, life } });
      }
    }
    for (const news of this.#early.splice(0)) this.#heard(news);
    this.#options.owner.tell({ type: "room-changed", room: this.#self.self });
    this.#next();
  }

  #heard(news: RoomNews): void {
    if (this.#mirror.seq < 0) return void this.#early.push(news);
    if (!this.#mirror.take(news)) return this.#catchUp();
    if (news.records.some(({ fact }) => fact.type !== "said")) {
      this.#options.owner.tell({ type: "room-changed", room: this.#self.self });
    }
    this.#settle();
  }

  /** Asks for what did not come. */
  #catchUp(): void {
    if (this.#isCatchingUp || this.#mirror.seq < 0) return;
    this.#isCatchingUp = true;
    const { seq } = this.#mirror;
    this.#self.pipe<RoomNews | null>(
      this.#entity.ask({ type: "since", seq }, { timeoutMs: ASK_MS }),
      (news) => ({ type: "caught-up", news }),
      () => ({ type: "caught-up", news: undefined }),
    );
  }

  #caughtUp(news: RoomNews | null | undefined): void {
    this.#isCatchingUp = false;
    if (news === null) {
      // They come back, by whatever server, and find it in the history.
      this.#mirror.cutOff();
      return this.#look();
    }
    if (news === undefined) return this.#later("catch-up");
    this.#heard(news);
  }

  #lookAgain(): void {
    if (++this.#looks % LOOKS_A_CATCH_UP === 0 && this.#mirror.membersHere > 0) this.#catchUp();
    const isIdle = this.#mirror.membersHere === 0 && this.#queue.isEmpty && this.#underWay === undefined;
    if (isIdle && this.#handledBefore === this.#handled) {
      this.#options.owner.tell({ type: "idle", room: this.#self.self, handled: this.#handled });
    }
    this.#handledBefore = this.#handled;
  }

  /** Refuses what has waited for too long. */
  #expire(): void {
    for (const asker of this.#queue.expired()) {
      this.#answers.unavailable(asker);
    }
  }

  /** Does what is next, where nothing else is being done. */
  #next(): void {
    if (this.#mirror.seq < 0) return;
    this.#expire();
    const isBack = (deed: Deed) =>
      deed.type === "join" && deed.quietly !== undefined && this.#mirror.has(deed.person.member);
    const { people, session } = this.#options;
    const isLost = (deed: Deed) =>
      deed.type !== "quit" &&
      session.isLost(people.idOf(deed.type === "rename" ? deed.to.member : deed.person.member));
    while (this.#underWay === undefined && !this.#queue.isEmpty) {
      if (this.#options.session.life === undefined) return this.#soon(AGAIN_MS);
      const look = this.#queue.takeLook(isBack);
      if (look !== undefined) {
        this.#answers.look(look);
        continue;
      }
      const work = this.#queue.takeWork(isBack, isLost);
      if (work?.type === "batch" && work.deeds.length === 0) continue;
      if (work?.type === "give-up" && !this.#hasMembersOf(work.server)) continue;
      this.#underWay = work;
      this.#send();
    }
  }

  #hasMembersOf({ id }: ServerLife): boolean {
    const { people } = this.#options;
    return [...this.#mirror.state.members.keys()].some((member) => serverOf(people.idOf(member)) === id);
  }

  /** Sends what is under way, the first time or again. */
  #send(): void {
    const underWay = this.#underWay;
    const { session } = this.#options;
    const { life } = session;
    if (underWay === undefined) return;
    if (life === undefined) return this.#later("send");
    this.#self.pipe<Outcome | undefined>(
      this.#ask(underWay, life),
      (outcome) => ({ type: "outcome", outcome }),
      () => ({ type: "outcome", outcome: undefined }),
    );
  }

  async #ask(underWay: Work, life: ServerLife): Promise<Outcome | undefined> {
    const timeout = { timeoutMs: ASK_MS };
    switch (underWay.type) {
      case "batch": {
        const { deeds, operationId, number } = underWay;
        const { people, name, hasFounder } = this.#options;
        const reply = await this.#entity.ask({
          type: "carry-out",
          operationId,
          sender: this.#queue.sender,
          number,
          server: life,
          name,
          hasFounder,
          deeds: deeds.map((deed) => people.namedDeed(deed)),
        }, timeout);
        if (reply.type === "done") return { seq: reply.seq, tell: () => this.#done(deeds, reply) };
        this.#options.session.givenUp(life);
        return undefined;
      }
      case "give-up": {
        const seq = await this.#entity.ask(underWay, timeout);
        return { seq, tell: () => {} };
      }
      case "history": {
        const { command } = underWay;
        const { seq, entries } = await this.#entity.ask({ type: "history" }, timeout);
        return { seq, tell: () => this.#answers.history(command, entries) };
      }
    }
  }

  #cameTo(outcome: Outcome | undefined): void {
    if (outcome === undefined) return this.#again();
    this.#outcome = outcome;
    this.#settle();
    if (this.#outcome !== undefined) this.#later("are-news-missing", NEWS_MS);
  }

  #later(type: Later, afterMs = AGAIN_MS): void {
    this.#expire();
    this.#self.after(afterMs, { type });
  }

  #again(): void {
    // Who only looks may be told that there is no answer.
    if (this.#underWay?.type === "history") {
      this.#answers.unavailable(this.#underWay.command);
      this.#underWay = undefined;
      return this.#next();
    }
    this.#later("send");
  }

  /** Tells the outcome of the last request, once all before it has been told. */
  #settle(): void {
    const outcome = this.#outcome;
    if (outcome === undefined || this.#mirror.seq < outcome.seq) return;
    this.#outcome = undefined;
    this.#underWay = undefined;
    outcome.tell();
    this.#next();
  }

  #done(deeds: readonly Deed[], reply: Extract<BatchReply, { readonly type: "done" }>): void {
    this.#answers.done(deeds, reply);
    if (reply.members === 0) this.#options.owner.tell({ type: "emptied", room: this.#self.self });
  }

  /** However a member goes, it has left: a connection that fails says nothing. False where it has gone. */
  #watch(person: Person): boolean {
    this.#watches.get(person.member)?.cancel();
    try {
      this.#watches.set(person.member, this.#self.watch(person.member, () => ({ type: "gone", person })));
      return true;
    } catch {
      // It was gone before this room was looked at, and is no actor any more.
      this.#self.self.tell({ type: "gone", person });
      return false;
    }
  }
}
