/**
 * What every door knows and says of its client, whatever the wire: who it is, and how often it may do what.
 *
 * @module
 */
import type { ChatName } from "../../../protocols/chat_names.ts";
import { TokenBucket } from "../../../protocols/token_bucket.ts";
import type { CloseReason, Connection, LoginPass } from "../../net/mod.ts";
import type { ChatServices } from "../member.ts";
import type { MemberMessage, Person } from "../messages.ts";

/** The part of a connection, or of a WebSocket, that is the same for both. */
type ClientConnection = Pick<Connection<MemberMessage>, "self" | "context" | "remote" | "remoteAddress">;

/** The client of one door. */
export class DoorClient {
  readonly #connection: ClientConnection;
  readonly #services: ChatServices;
  readonly #bucket: TokenBucket;
  #pass: LoginPass | undefined;

  constructor(connection: ClientConnection, services: ChatServices) {
    this.#connection = connection;
    this.#services = services;
    this.#bucket = new TokenBucket(services.rate, connection.context.coarseNow);
  }

  /**
   * Whether the client keeps to its rate, by itself and with the others of its address: coming back, or by
   * many connections, is no way around the rate.
   */
  mayTalk(): boolean {
    const { context: { coarseNow }, remoteAddress: { hostname } } = this.#connection;
    return this.#bucket.take(coarseNow) && this.#services.addressRate.take(hostname, coarseNow);
  }

  /** Whether the client may log in now; once it may, it may until {@linkcode release}. */
  mayLogIn(): boolean {
    const { context: { coarseNow }, remoteAddress: { hostname } } = this.#connection;
    this.#pass ??= this.#services.logins.enter(hostname, coarseNow);
    return this.#pass !== undefined;
  }

  /** The client has gone, or its login has failed. */
  release(): void {
    this.#pass?.release();
    this.#pass = undefined;
  }

  /** The person that the client is under a name. */
  person(name: ChatName, user: string, realName: string): Person {
    const { self, remoteAddress: { hostname } } = this.#connection;
    const host = this.#services.hostOf(hostname);
    return { member: self, name, user, host, realName, isBot: false, isInvisible: false };
  }

  /** Logs that the client has connected. */
  logConnected(): void {
    const { context: { log }, remote: client } = this.#connection;
    log.plain(`${client} has connected`, { event: "connected", client });
  }

  /** The client has gone: logs it, and why. */
  gone({ type: reason }: CloseReason): void {
    this.release();
    const { context: { log }, remote: client } = this.#connection;
    log.plain(`Connection lost with client: ${client}`, { event: "disconnected", client, reason });
  }

  /** Logs that the client has a name. */
  logLoggedIn({ text: name }: ChatName): void {
    const { context: { log }, remote: client } = this.#connection;
    log.info(`${name} has logged in`, { event: "logged-in", client, name });
  }
}
