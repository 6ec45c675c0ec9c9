/**
 * The store's door for clients that speak JSON: requests become commands, results become answers on the wire.
 *
 * @module
 */
import type { JsonFrame } from "../../../protocols/json_stream.ts";
import {
  formatResponse,
  isSameSecret,
  parseRequest,
  type RecordsRequest,
  type RecordsResponse,
} from "../../../protocols/records.ts";
import type {
  AddressRate,
  CloseReason,
  Connection,
  LogThrottle,
  Session,
  SessionFactory,
} from "../../net/mod.ts";
import { assertNever, type Ref } from "../../runtime/mod.ts";
import type { Answered, RecordCommand } from "../record.ts";

/** Asks how the store is; the answer is an `info`. */
export interface GetInfo {
  /** Tells it from other messages. */
  readonly type: "get-info";
  /** The client ID that the answer is to have. */
  readonly clientId: string | null;
  /** Comes back with the answer. */
  readonly tag: number;
  /** Who asks. */
  readonly replyTo: Ref<Answered>;
}

/** What a session's connection is told. */
export type RecordsSessionMessage = Answered | { readonly type: "drained" };

/** Options of {@linkcode recordsSession}. */
export interface RecordsSessionOptions {
  readonly archive: Ref<RecordCommand>;
  readonly server: Ref<GetInfo>;
  /** What clients must show first. */
  readonly token?: string;
  readonly maxDataBytes: number;
  /** Wrong tokens by address. */
  readonly refusals: AddressRate;
  /** Says who showed them. */
  readonly warnings: LogThrottle;
}

/**
 * Serves one connection: requests of different files are worked on side by side, the answers keep the order
 * of the requests.
 */
export function recordsSession(
  options: RecordsSessionOptions,
): SessionFactory<JsonFrame, RecordsSessionMessage> {
  return (connection) => new RecordsSession(connection, options);
}

/** So many requests may be unanswered before no more are read. */
const MAX_UNANSWERED = 32;
/** While so much waits for the client, answers wait too. */
const HIGH_WATER_BYTES = 65536;
const MAX_WRONG_TOKENS = 3;

/** A request's place among the answers. */
interface Place {
  readonly tag: number;
  answer?: string;
  /** Asks what must not be asked before all earlier requests are answered. */
  ask?: () => void;
}

class RecordsSession implements Session<JsonFrame, RecordsSessionMessage> {
  readonly #connection: Connection<RecordsSessionMessage>;
  readonly #options: RecordsSessionOptions;
  /** Requests without an answer, or with one that an earlier one holds up; the oldest first. */
  readonly #places: Place[] = [];
  #lastTag = 0;
  #mayAsk: boolean;
  #wrongTokens = 0;
  #hasEnded = false;
  #waitsForDrain = false;

  constructor(connection: Connection<RecordsSessionMessage>, options: RecordsSessionOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#mayAsk = options.token === undefined;
    const { context, remote } = connection;
    context.log.plain(`Connection established with ${remote}`, { event: "connected", client: remote });
  }

  frame(frame: JsonFrame): void {
    if (this.#hasEnded) return;
    const place: Place = { tag: ++this.#lastTag };
    this.#places.push(place);
    if (this.#places.length === MAX_UNANSWERED) this.#connection.pause();
    const parsed = frame.type === "value"
      ? parseRequest(frame.value, this.#options.maxDataBytes)
      : { ok: false, clientId: null, message: frame.message } as const;
    if (parsed.ok) this.#take(place, parsed.request);
    else this.#refuse(place, parsed.clientId, parsed.message);
    this.#goOn();
  }

  message(message: RecordsSessionMessage): void {
    if (message.type === "drained") this.#waitsForDrain = false;
    else {
      const place = this.#places.find(({ tag }) => tag === message.tag);
      if (place !== undefined) place.answer = formatResponse(message.response);
    }
    this.#goOn();
  }

  ended(): void {
    this.#hasEnded = true;
    this.#goOn();
  }

  farewell(message: string): void {
    this.#connection.sendText(
      formatResponse({ type: "error", clientId: null, data: `Closing the connection: ${message}.` }),
    );
  }

  closed(reason: CloseReason): void {
    const { context, remote } = this.#connection;
    context.log.plain(`Connection lost with client: ${remote}`, {
      event: "disconnected",
      client: remote,
      reason: reason.type,
    });
  }

  #take(place: Place, request: RecordsRequest): void {
    const { tag } = place;
    const replyTo: Ref<Answered> = this.#connection.self;
    if (request.type === "auth") return this.#authenticate(place, request);
    if (!this.#mayAsk) {
      return this.#refuse(place, request.clientId, "Authenticate first: send the auth request.");
    }
    switch (request.type) {
      case "read":
        return this.#options.archive.tell({ type: "read", id: request.clientId, tag, replyTo });
      case "write": {
        const { clientId: id, text } = request;
        const { context, remote } = this.#connection;
        context.log.plain(`Handling write request of client: ${id}`, { event: "write", client: remote, id });
        return this.#options.archive.tell({ type: "write", id, text, tag, replyTo });
      }
      case "info": {
        const { clientId } = request;
        place.ask = () => this.#options.server.tell({ type: "get-info", clientId, tag, replyTo });
        return;
      }
      default:
        assertNever(request);
    }
  }

  #authenticate(place: Place, { clientId, token }: Extract<RecordsRequest, { type: "auth" }>): void {
    const { token: secret, refusals } = this.#options;
    const { remoteAddress: { hostname }, context } = this.#connection;
    if (secret !== undefined && !refusals.mayTake(hostname, context.coarseNow)) {
      this.#mayAsk = false;
      return this.#refuse(place, clientId, "Too many wrong tokens from your address. Try again later.");
    }
    this.#mayAsk = secret === undefined || isSameSecret(token, secret);
    if (!this.#mayAsk) return this.#refuse(place, clientId, "Wrong token.");
    this.#connection.loggedIn();
    const data = secret === undefined ? "No authentication needed." : "Authenticated.";
    this.#answer(place, { type: "success", clientId, data });
  }

  #refuse(place: Place, clientId: string | null, message: string): void {
    if (!this.#mayAsk) this.#refuseStranger(message);
    this.#answer(place, { type: "error", clientId, data: message });
  }

  /** A stranger has few tries. Its last answer is still sent, and then the connection ends. */
  #refuseStranger(why: string): void {
    const { remote, remoteAddress: { hostname }, context: { coarseNow } } = this.#connection;
    this.#options.refusals.take(hostname, coarseNow);
    this.#options.warnings.warn(coarseNow, `Refused ${remote}: ${why}`, { client: remote });
    if (++this.#wrongTokens === MAX_WRONG_TOKENS) this.#hasEnded = true;
  }

  #answer(place: Place, response: RecordsResponse): void {
    place.answer = formatResponse(response);
  }

  /** Sends the answers whose turn has come. */
  #goOn(): void {
    const connection = this.#connection;
    while (!this.#waitsForDrain) {
      const [first] = this.#places;
      if (first === undefined) {
        if (this.#hasEnded) connection.end();
        return;
      }
      if (first.answer === undefined) {
        first.ask?.();
        delete first.ask;
        return;
      }
      if (connection.queuedBytes > HIGH_WATER_BYTES) {
        this.#waitsForDrain = true;
        connection.context.pipe(
          connection.drained(),
          () => ({ type: "drained" }),
          () => ({ type: "drained" }),
        );
        return;
      }
      this.#send(first.answer);
      this.#places.shift();
      if (this.#places.length === MAX_UNANSWERED - 1) connection.resume();
    }
  }

  #send(answer: string): void {
    // A record is owed whole, however long it is.
    this.#connection.allowOutbound(answer.length * 3);
    this.#connection.sendText(answer);
  }
}
