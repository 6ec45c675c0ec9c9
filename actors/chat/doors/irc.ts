/**
 * The door of IRC clients: RFC 1459 and 2812 as modern clients speak them, with capabilities of IRCv3.
 *
 * @module
 */
import type { ChatName } from "../../../protocols/chat_names.ts";
import { formatIrcBody, type IrcFrame, type IrcMessage, parseIrcMessage } from "../../../protocols/irc.ts";
import type { CloseReason, Connection, Session, SessionFactory } from "../../net/mod.ts";
import { type ChatServices, Member, type MemberDoor } from "../member.ts";
import { type MessageIds, messageIds } from "../message_ids.ts";
import type { MemberMessage, PrivateMessage, RoomEvent, Talk } from "../messages.ts";
import { maskOf } from "../room_state.ts";
import { CLOSE_TEXTS } from "./irc_close_texts.ts";
import { DoorClient } from "./door_client.ts";
import { CHANNEL_COMMANDS } from "./irc_channels.ts";
import { type IrcCommand, type IrcServerInfo, middle } from "./irc_client.ts";
import { encodeLines, inviteBody, type IrcCodec, type IrcLine } from "./irc_codec.ts";
import { IrcCodecs } from "./irc_codecs.ts";
import { HISTORY_COMMANDS } from "./irc_history.ts";
import { MODE_COMMANDS } from "./irc_modes.ts";
import { NUMERIC } from "./irc_numerics.ts";
import { lusers, PEOPLE_COMMANDS } from "./irc_people.ts";
import { negotiate, Registration, requestedNick } from "./irc_registration.ts";
import { RegisteredClient, type RegisteredSession } from "./irc_registered.ts";
import { Reply, type ReplyTarget } from "./irc_reply.ts";
import { ToldOnce } from "./irc_told_once.ts";
import { FrameTurns } from "./irc_turns.ts";
import { ReadGate } from "./read_gate.ts";
import { SignsOfLife } from "./irc_life.ts";
import { motd, SERVER_COMMANDS, welcome } from "./irc_server.ts";
import { SPEECH_COMMANDS } from "./irc_speech.ts";
import { TEXT_COMMANDS } from "./irc_text_commands.ts";
import { CUT_OFF_TEXTS } from "./refusal_texts.ts";

/** Options of {@linkcode ircDoor}. */
export interface IrcDoorOptions {
  readonly server: IrcServerInfo;
  /**
   * Milliseconds of silence after which a client is asked whether it is there; unanswered as long, it is cut.
   * @default 90000
   */
  readonly pingIntervalMs?: number;
}

const COMMANDS: ReadonlyMap<string, IrcCommand> = new Map(Object.entries({
  ...SPEECH_COMMANDS,
  ...CHANNEL_COMMANDS,
  ...TEXT_COMMANDS,
  ...MODE_COMMANDS,
  ...PEOPLE_COMMANDS,
  ...HISTORY_COMMANDS,
  ...SERVER_COMMANDS,
}));

/** Makes the session of one IRC client. */
export function ircDoor(
  services: ChatServices,
  options: IrcDoorOptions,
): SessionFactory<IrcFrame, MemberMessage> {
  const codecs = new IrcCodecs();
  return (connection) => new IrcSession(connection, services, options, codecs);
}

class IrcSession implements Session<IrcFrame, MemberMessage>, MemberDoor, ReplyTarget, RegisteredSession {
  readonly #connection: Connection<MemberMessage>;
  readonly #options: IrcDoorOptions;
  readonly #codecs: IrcCodecs;
  readonly #member: Member;
  readonly #registration = new Registration();
  readonly #limits: DoorClient;
  readonly #ids: MessageIds;
  #codec: IrcCodec;
  #client: RegisteredClient | undefined;
  /** Answers that events of their requests belong to. */
  readonly #causes = new Map<number, Reply>();
  readonly #told = new ToldOnce();
  readonly #turns: FrameTurns;
  #batches = 0;
  readonly #life: SignsOfLife;
  /** The registration is complete, and waits since its address logs in too often. */
  #isToRegister = false;

  constructor(
    connection: Connection<MemberMessage>,
    services: ChatServices,
    options: IrcDoorOptions,
    codecs: IrcCodecs,
  ) {
    const { context } = connection;
    this.#connection = connection;
    this.#options = options;
    this.#codecs = codecs;
    const reading = new ReadGate(connection);
    this.#turns = new FrameTurns(context, reading, {
      mayTake: (frame) => this.#mayTake(frame),
      take: (frame) => this.#take(frame),
      allTaken: () => this.#member.run(() => this.#close("Connection closed")),
    });
    this.#member = new Member(
      {
        self: connection.self,
        context,
        get queuedBytes() {
          return connection.queuedBytes;
        },
        drained: () => connection.drained(),
        makeRoom: () => connection.makeRoom(),
        pause: () => reading.pause("commands"),
        resume: () => reading.resume("commands"),
      },
      services,
      this,
    );
    this.#limits = new DoorClient(connection, services);
    this.#ids = messageIds(context.world);
    this.#codec = codecs.for(this.#registration.capabilities);
    this.#life = new SignsOfLife(context, options.pingIntervalMs ?? 90_000);
    this.#limits.logConnected();
  }

  get serverName(): string {
    return this.#options.server.name;
  }

  get nick(): string {
    return this.#member.person?.name.text ?? this.#registration.nick?.text ?? "*";
  }

  get hasBatch(): boolean {
    return this.#registration.capabilities.has("batch");
  }

  nextBatch(): string {
    return `b${++this.#batches}`;
  }

  write(lines: readonly IrcLine[]): void {
    const { capabilities } = this.#registration;
    // Who has asked for none of the capabilities that send tags is sent none.
    const tagged = capabilities.has("message-tags") || capabilities.has("labeled-response") ||
      capabilities.has("server-time") || capabilities.has("batch");
    this.#connection.send(encodeLines(tagged ? lines : lines.map(({ body }) => ({ tags: [], body }))));
  }

  frame(frame: IrcFrame): void {
    this.#life.heard();
    if (!this.#member.isGone) this.#turns.add(frame);
  }

  message(message: MemberMessage): void {
    if (message.type === "next-turn") this.#onTurn();
    else if (message.type === "look-for-life") this.#lookForLife();
    else this.#member.receive(message);
  }

  /** What was sent before the end is heard first. */
  ended(): void {
    this.#turns.end();
  }

  farewell(message: string): void {
    this.#say("ERROR", `Closing Link: ${message.replace(/^Error: /, "")}`);
  }

  draining(): void {
    this.#say("NOTICE", "*", "The server is shutting down.");
    this.#say("ERROR", "Closing Link: the server is shutting down");
    this.#turns.stop();
    this.#member.leave({ quietly: true });
  }

  closed(reason: CloseReason): void {
    this.#life.stop();
    this.#turns.stop();
    this.#limits.gone(reason);
    this.#member.leave({ reason: CLOSE_TEXTS[reason.type] });
  }

  event(event: RoomEvent): void {
    const { happening } = event;
    const isOwn = happening.person.member === this.#connection.self;
    if (!this.#told.isNews(happening)) return;
    if (!isOwn) return this.#connection.send(event.encoded(this.#codec));
    if (happening.type === "said" && !this.#registration.capabilities.has("echo-message")) return;
    const cause = this.#causes.get(event.request);
    if (happening.type === "away" || happening.type === "invited") return;
    if (cause?.isLabeled) cause.add(this.#codec.lines(event));
    else this.#connection.send(event.encoded(this.#codec));
  }

  talk(talk: Talk): void {
    const { self } = this.#connection;
    // Events that answer a labelled command are sent one by one.
    if (this.#causes.size > 0 && talk.isOf(self)) {
      for (const event of talk.events) {
        this.event(event);
        if (event.happening.person.member === self) this.#member.said(event);
      }
    } else if (this.#registration.capabilities.has("echo-message")) {
      this.#connection.send(talk.encoded(this.#codec));
    } else {
      for (const lines of talk.encodedWithout(self, this.#codec)) this.#connection.send(lines);
    }
  }

  privately(message: PrivateMessage): void {
    this.write(this.#codec.privately(message));
  }

  invited({ by, room }: Extract<MemberMessage, { readonly type: "invited" }>): void {
    this.write([{ tags: [], body: inviteBody(maskOf(by), this.nick, room) }]);
  }

  presence({ name, person }: Extract<MemberMessage, { readonly type: "presence" }>): void {
    if (person === undefined) this.#numeric(NUMERIC.RPL_MONOFFLINE, name);
    else this.#numeric(NUMERIC.RPL_MONONLINE, maskOf(person));
  }

  readonly cutOff = (why: keyof typeof CUT_OFF_TEXTS): void => this.#close(CUT_OFF_TEXTS[why]);

  /** Messages of the registration are free, up to a bound; others count, and wait while it waits. */
  #mayTake(frame: IrcFrame): boolean {
    if (this.#client === undefined && this.#registration.takesFree(frame)) return true;
    return !this.#isToRegister && this.#limits.mayTalk();
  }

  #onTurn(): void {
    this.#turns.onTurn(() => {
      if (!this.#isToRegister) return;
      this.#isToRegister = false;
      this.#member.run(() => this.#register(new Reply(this, undefined)));
    });
  }

  #take(frame: IrcFrame): void {
    if (frame.type !== "line") return this.#member.run(() => this.#reject(frame));
    const message = parseIrcMessage(frame.line);
    if (message === null) return;
    const label = this.#registration.capabilities.has("labeled-response")
      ? message.tags.get("label")
      : undefined;
    const reply = new Reply(this, label === "" ? undefined : label);
    const command = COMMANDS.get(message.command);
    this.#member.run(() => this.#obey(message, command, reply), {
      // What is said to one person goes another way than what is said in a room: it must not overtake that.
      flows: this.#client !== undefined && command?.flows === true &&
        message.params[0]?.startsWith("#") === true,
      length: frame.line.length,
      settled: () => this.#settled(reply),
    });
  }

  #reject(frame: Exclude<IrcFrame, { readonly type: "line" }>): void {
    if (frame.type === "too-long") return this.#numeric(NUMERIC.ERR_INPUTTOOLONG, "Input line was too long");
    this.#say("FAIL", frame.command, "INVALID_UTF8", "Message rejected, it is not UTF-8");
  }

  #settled(reply: Reply): void {
    reply.finish();
    for (const [request, cause] of this.#causes) if (cause === reply) this.#causes.delete(request);
  }

  #obey(message: IrcMessage, command: IrcCommand | undefined, reply: Reply): void {
    if (message.command === "CAP") return this.#negotiate(message, reply);
    if (message.command === "NICK") return this.#rename(message, reply);
    const client = this.#client;
    if (client === undefined) return this.#beforeRegistration(message, command, reply);
    if (command === undefined) {
      return reply.numeric(NUMERIC.ERR_UNKNOWNCOMMAND, middle(message.command), "Unknown command");
    }
    const { minParams = 0 } = command;
    if (message.params.length < minParams || (minParams > 0 && message.params[0] === "")) {
      return reply.numeric(NUMERIC.ERR_NEEDMOREPARAMS, message.command, "Not enough parameters");
    }
    command.run(client, message, reply);
  }

  #beforeRegistration(message: IrcMessage, command: IrcCommand | undefined, reply: Reply): void {
    switch (message.command) {
      case "USER":
        this.#registration.setUser(message, reply);
        return this.#register(reply);
      case "PASS":
        if (message.params.length === 0) {
          reply.numeric(NUMERIC.ERR_NEEDMOREPARAMS, "PASS", "Not enough parameters");
        }
        return;
      case "QUIT":
        return this.#close("Client Quit");
      case "PING":
        return reply.server("PONG", this.serverName, message.params[0] ?? "");
      case "PONG":
        return;
      default:
        if (command === undefined) {
          return reply.numeric(NUMERIC.ERR_UNKNOWNCOMMAND, middle(message.command), "Unknown command");
        }
        reply.numeric(NUMERIC.ERR_NOTREGISTERED, "You have not registered");
    }
  }

  #negotiate(message: IrcMessage, reply: Reply): void {
    const isOver = negotiate(this.#registration, message, this.#client !== undefined, this.nick, reply);
    this.#codec = this.#codecs.for(this.#registration.capabilities);
    if (isOver) this.#register(reply);
  }

  #rename(message: IrcMessage, reply: Reply): void {
    const name = requestedNick(message, reply);
    if (name === null) return;
    const person = this.#member.person;
    if (person === undefined) {
      this.#registration.nick = name;
      return this.#register(reply);
    }
    if (name.text === person.name.text) return;
    this.#member.claim({ ...person, name }, (answer) => {
      if (answer.type !== "done") return this.#nickIsTaken(name, reply);
      const body = formatIrcBody(maskOf(person), "NICK", name.text);
      const renamed = this.#member.person;
      // In no room, nobody else would say it.
      if (renamed !== undefined) this.#told.renamed(renamed);
      reply.add([{ tags: [], body }]);
    });
  }

  #register(reply: Reply): void {
    const { nick: name, user, realName, isComplete } = this.#registration;
    if (!isComplete || name === undefined || user === undefined || this.#client !== undefined) return;
    if (!this.#limits.mayLogIn()) {
      this.#isToRegister = true;
      return this.#turns.wait();
    }
    this.#member.claim(this.#limits.person(name, user, realName), (answer) => {
      if (answer.type !== "done") {
        this.#registration.nick = undefined;
        return this.#nickIsTaken(name, reply);
      }
      this.#connection.loggedIn();
      this.#limits.logLoggedIn(name);
      const client = new RegisteredClient(
        this.#connection,
        this.#options.server,
        this.#member,
        this.#registration,
        this,
      );
      this.#client = client;
      welcome(client, reply);
      lusers(client, reply, () => motd(client, reply));
    });
  }

  #nickIsTaken(name: ChatName, reply: Reply): void {
    reply.numeric(NUMERIC.ERR_NICKNAMEINUSE, name.text, "Nickname is already in use");
  }

  #lookForLife(): void {
    const due = this.#life.look();
    if (due === "close") this.#close("Ping timeout");
    else if (due === "ask") this.#say("PING", this.serverName);
  }

  #numeric(code: string, ...params: readonly string[]): void {
    this.#say(code, this.nick, ...params);
  }

  #say(command: string, ...params: readonly string[]): void {
    const source = command === "PING" || command === "ERROR" ? "" : this.serverName;
    this.write([{ tags: [], body: formatIrcBody(source, command, ...params) }]);
  }

  /** The codec of the client as it is now. */
  get codec(): IrcCodec {
    return this.#codec;
  }

  /** The events of a request belong to an answer. */
  causes(request: number, reply: Reply): void {
    if (reply.isLabeled) this.#causes.set(request, reply);
  }

  /** A number for something said to a person. */
  nextMessageId(): string {
    return this.#ids.next();
  }

  /** Says goodbye and closes. */
  quit(reason: string | undefined): void {
    this.#close(reason === undefined || reason === "" ? "Client Quit" : `Quit: ${reason}`);
  }

  #close(reason: string): void {
    if (this.#member.isGone) return;
    this.#turns.stop();
    this.#member.leave({ reason });
    this.#say("ERROR", `Closing Link: ${this.nick} (${reason})`);
    this.#connection.end();
  }
}
