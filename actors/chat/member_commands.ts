/**
 * The commands of one member, run one after the other, and what they have asked for and not yet heard.
 *
 * @module
 */
import type { SessionContext } from "../net/mod.ts";
import type { Ref } from "../runtime/mod.ts";
import type { Cancellable } from "../world/world.ts";
import type { Answer, Asker, MemberMessage, Person, RoomCommand } from "./messages.ts";

/** What is slowed down when a member asks for more than is answered. */
export interface CommandFlow {
  /** Bytes that wait to be read by the member. */
  readonly queuedBytes: number;
  /** Resolves once few bytes wait; rejects when the connection closes first. */
  drained(): Promise<void>;
  readonly context: SessionContext<MemberMessage>;
  pause(): void;
  resume(): void;
}

/** Options of a command. */
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
/** Bytes that wait for the member at which no further command of its is answered. */
const MAX_QUEUED_BYTES = 128 * 1024;
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

const DRAINED = { type: "drained" } as const;

/** The commands of one member. */
export class MemberCommands {
  readonly #flow: CommandFlow;
  readonly #queue: Command[] = [];
  #current: Command | undefined;
  #underWay: { flowing: number; blocking: Command | undefined } = { flowing: 0, blocking: undefined };
  readonly #requests = new Map<number, Request>();
  #lastRequest = 0;
  #lengthUnderWay = 0;
  #isPaused = false;
  #isDraining = false;
  #isEnded = false;
  #overdue: Cancellable | undefined;

  constructor(connection: CommandFlow) {
    this.#flow = connection;
  }

  /** Runs a command once those before it are answered. */
  run(work: () => void, options: CommandOptions = {}): void {
    const command = new Command(work, options);
    this.#queue.push(command);
    this.#setLength(this.#lengthUnderWay + command.length);
    this.#next();
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

  /** A room has failed: what it was asked is never answered. */
  roomFailed(room: Ref<RoomCommand>): void {
    for (const [number, request] of this.#requests) {
      if (request.room === room) this.answered(number, UNANSWERED);
    }
  }

  /** The member has gone: nothing is run any more. */
  end(): void {
    this.#isEnded = true;
    this.#overdue?.cancel();
  }

  /** A request has been answered; false when it was given up before. */
  answered(number: number, answer: Answer): boolean {
    const request = this.#requests.get(number);
    if (request === undefined) return false;
    this.#requests.delete(number);
    this.#current = request.command;
    request.then(answer);
    this.#current = undefined;
    this.#release(request.command);
    this.#next();
    return true;
  }

  #next(): void {
    while (this.#current === undefined && !this.#isEnded) {
      const { blocking, flowing } = this.#underWay;
      const command = this.#queue[0];
      if (command === undefined || blocking !== undefined || (flowing > 0 && !command.flows)) return;
      // Who asks for more than it reads waits: answers must not fill its queue.
      if (this.#flow.queuedBytes > MAX_QUEUED_BYTES) return this.#waitForReader();
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

  #waitForReader(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#flow.context.pipe(this.#flow.drained(), () => DRAINED, () => DRAINED);
  }

  /** The member has read most of what it was sent. */
  drained(): void {
    this.#isDraining = false;
    this.#next();
  }

  /** Goes on with the current command once the member has read most of what it was sent. */
  whenDrained(then: () => void): void {
    const command = this.#current;
    if (command === undefined || this.#flow.queuedBytes <= MAX_QUEUED_BYTES) return then();
    command.outstanding++;
    const request = ++this.#lastRequest;
    this.#requests.set(request, { command, then, room: undefined });
    const read = { type: "answer", request, answer: { type: "done" } } as const;
    this.#flow.context.pipe(this.#flow.drained(), () => read, () => read);
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
    if (!this.#isEnded) command.settled?.();
  }

  #watchTheClock(): void {
    this.#overdue = this.#flow.context.after(ANSWER_TIMEOUT_MS, { type: "overdue" });
  }

  /** The command that others wait for took too long: what it asked for counts as unanswered. */
  giveUp(): void {
    const { blocking } = this.#underWay;
    for (const [number, { command }] of this.#requests) {
      if (command === blocking) this.answered(number, UNANSWERED);
    }
  }

  /**
   * A room that is behind (its history's disk is slow) slows down those who write, and not those who read.
   */
  #setLength(length: number): void {
    this.#lengthUnderWay = length;
    if (!this.#isPaused && length >= MAX_LENGTH_UNDER_WAY) {
      this.#isPaused = true;
      this.#flow.pause();
    } else if (this.#isPaused && length <= RESUME_LENGTH_UNDER_WAY) {
      this.#isPaused = false;
      this.#flow.resume();
    }
  }
}
