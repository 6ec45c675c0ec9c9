/**
 * An IRC client that has registered, as the commands see it.
 *
 * @module
 */
import type { ChatName } from "../../../protocols/chat_names.ts";
import type { Connection } from "../../net/mod.ts";
import type { Member } from "../member.ts";
import type { MemberMessage, Person } from "../messages.ts";
import type { Capability, IrcClient, IrcServerInfo } from "./irc_client.ts";
import type { IrcCodec } from "./irc_codec.ts";
import type { Registration } from "./irc_registration.ts";
import type { Reply } from "./irc_reply.ts";

/** What a registered client needs of its session. */
export interface RegisteredSession {
  /** The codec of the client as it is now. */
  readonly codec: IrcCodec;
  /** The events of a request belong to an answer. */
  causes(request: number, reply: Reply): void;
  /** A number for something said to a person. */
  nextMessageId(): string;
  /** A name for an answer of several lines. */
  nextBatch(): string;
  /** Says goodbye and closes. */
  quit(reason: string | undefined): void;
}

/** What commands work with, once the client has a name. */
export class RegisteredClient implements IrcClient {
  readonly server: IrcServerInfo;
  readonly context: IrcClient["context"];
  readonly member: Member;
  readonly monitored: Map<string, ChatName> = new Map();
  readonly address: string;
  readonly #registration: Registration;
  readonly #session: RegisteredSession;
  readonly #first: Person;

  constructor(
    connection: Connection<MemberMessage>,
    server: IrcServerInfo,
    member: Member,
    registration: Registration,
    session: RegisteredSession,
  ) {
    if (member.person === undefined) throw new TypeError("Cannot serve a client without a name");
    this.#first = member.person;
    this.server = server;
    this.context = connection.context;
    this.member = member;
    this.address = connection.remoteAddress.hostname;
    this.#registration = registration;
    this.#session = session;
  }

  get person(): Person {
    return this.member.person ?? this.#first;
  }

  get capabilities(): ReadonlySet<Capability> {
    return this.#registration.capabilities;
  }

  get codec(): IrcCodec {
    return this.#session.codec;
  }

  causes(request: number, reply: Reply): void {
    this.#session.causes(request, reply);
  }

  nextMessageId(): string {
    return this.#session.nextMessageId();
  }

  nextBatch(): string {
    return this.#session.nextBatch();
  }

  become(person: Person): void {
    this.member.claim(person, () => {});
  }

  quit(reason: string | undefined): void {
    this.#session.quit(reason);
  }
}
