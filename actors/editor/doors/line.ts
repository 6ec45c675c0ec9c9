/**
 * The editor's door for clients that speak in lines.
 *
 * @module
 */
import type { CloseReason, Connection, Session, SessionFactory } from "../../net/mod.ts";
import { assertNever, type Ref } from "../../runtime/mod.ts";
import type {
  DocumentCommand,
  DocumentEvent,
  DocumentRange,
  DocumentUpdated,
  LinesAppended,
  OwnUpdates,
} from "../document_events.ts";
import { isMidLine, type PushedLines, wholeLines } from "./pushed_lines.ts";

/** What a session is sent: the document's events, and its own. */
export type EditorSessionMessage = DocumentEvent | { readonly type: "drained" };

/** How much of the document is read at a time. */
const PIECE_BYTES = 1 << 16;
/**
 * Characters a client may send before the first of them is saved; then it is not read from until they are.
 */
const UNSAVED_CHARACTERS = 1 << 16;
/** A client for which less than this waits keeps up with the others. */
const LOW_WATER_BYTES = 1 << 16;
const LF = 0x0a;
const LINE_END = Uint8Array.of(LF);

/** Options of {@linkcode editorSession}. */
export interface EditorSessionOptions {
  readonly document: Ref<DocumentCommand>;
  /** Bytes that may wait for the client. */
  readonly maxOutboundBytes: number;
}

/** Serves one client of the editor that speaks in lines. */
export function editorSession(options: EditorSessionOptions): SessionFactory<string, EditorSessionMessage> {
  return (connection) => new EditorSession(connection, options);
}

/**
 * A member of the document at the end of a socket.
 *
 * It is always on its way along the document: `#sent` is how far the client has been brought, `#saved` how
 * far the document goes. While the first is behind (the snapshot is under way, or more came at once than may
 * wait for the client), nothing is kept but these two numbers and where the client's own updates stand: what
 * was saved meanwhile is read from the document as well.
 */
class EditorSession implements Session<string, EditorSessionMessage> {
  readonly #connection: Connection<EditorSessionMessage>;
  readonly #document: Ref<DocumentCommand>;
  readonly #maxOutboundBytes: number;
  #sent = 0;
  #saved = 0;
  /** Where the document ended when the client joined; -1 before. */
  #snapshotEnd = -1;
  #snapshotSent = false;
  /** The client's own updates between `#sent` and `#saved`: it is not sent these. */
  #own: DocumentRange[] = [];
  #errors: string[] = [];
  /**
   * The whole text as it was when the client began to read it; undefined while it is read from the document.
   */
  #source: Uint8Array | undefined;
  /** Lines that came while the client was behind. */
  #later: PushedLines[] = [];
  #laterBytes = 0;
  /**
   * Where the document ends now that it is edited by lines alone again, while the client does not yet go
   * along it; -1 else.
   */
  #thawedEnd = -1;
  /** Whether the last line of it has no end. */
  #isThawedMidLine = false;
  #unsavedCharacters = 0;
  #isPaused = false;
  #hasEnded = false;
  #isDraining = false;
  /** What the client was sent last has no line end. */
  #isMidLine = false;
  /** A line end that is not in the document was sent, or is to be sent before anything else. */
  #lineEnd: "as it is" | "owed" | "paid" = "as it is";

  constructor(connection: Connection<EditorSessionMessage>, options: EditorSessionOptions) {
    const { document, maxOutboundBytes } = options;
    this.#connection = connection;
    this.#document = document;
    this.#maxOutboundBytes = maxOutboundBytes;
    const { context, remote } = connection;
    context.log.info(`New client connected: ${remote}`, { event: "connected", client: remote });
    document.tell({ type: "join", member: connection.self });
  }

  frame(text: string): void {
    const { context, remote, self } = this.#connection;
    if (context.world.log.enabled("info")) {
      context.log.info(`Received update from client ${remote}: ${text}`, { event: "update", client: remote });
    }
    this.#unsavedCharacters += text.length + 1;
    this.#document.tell({ type: "update", member: self, text });
    if (!this.#isPaused && this.#unsavedCharacters > UNSAVED_CHARACTERS) {
      this.#isPaused = true;
      this.#connection.pause();
    }
  }

  message(event: EditorSessionMessage): void {
    switch (event.type) {
      case "joined":
        this.#saved = this.#snapshotEnd = event.length;
        this.#source = event.text;
        if (event.isFile) this.#thawedAt(event.length, isMidLine(event.text));
        return this.#goOn();
      case "frozen":
        this.#source ??= event.text;
        return;
      case "thawed":
        this.#thawedAt(event.length, event.isMidLine);
        return this.#pullIfLive();
      case "appended":
        return this.#appended(event);
      case "changed":
        return this.#push({ bytes: event.bytes, own: undefined });
      case "drained":
        return this.#readOn();
      case "piece":
        return this.#piece(event.start, event.bytes);
      case "updated":
        return this.#updated(event);
      case "rejected":
        for (let i = 0; i < event.updates; i++) this.#errors.push(`Error: ${event.reason}\n`);
        this.#settled(event.characters);
        return this.#sendErrors();
      case "unreadable":
        return this.#connection.abort(new Error(event.reason));
      default:
        assertNever(event);
    }
  }

  farewell(message: string): void {
    this.#sendError(`Error: ${message}\n`);
  }

  ended(): void {
    this.#hasEnded = true;
    this.#endIfDone();
  }

  draining(): void {
    this.#isDraining = true;
  }

  closed(reason: CloseReason): void {
    const { context: { log }, remote } = this.#connection;
    if (reason.type === "slow") {
      log.warn(`Client ${remote} does not read what it is sent`, { event: "slow-client" });
    }
    const fields = { event: "disconnected", client: remote, reason: reason.type };
    if (this.#isDraining) log.plain(`Connection lost with client: ${remote}`, fields);
    else log.info(`Client ${remote} disconnected`, fields);
  }

  get #isLive(): boolean {
    return this.#snapshotEnd >= 0 && this.#sent === this.#saved && this.#later.length === 0;
  }

  // While the document is edited elsewhere too, its parts do not stay where they are: what comes is sent as
  // it comes.

  #appended({ bytes, own }: LinesAppended): void {
    if (own !== undefined) this.#settled(own.characters);
    this.#push({ bytes, own });
    this.#endIfDone();
  }

  #push(lines: PushedLines): void {
    if (this.#isLive) return this.#sendLines(lines);
    this.#later.push(lines);
    this.#laterBytes += lines.bytes.length;
    if (this.#laterBytes > this.#maxOutboundBytes) this.#connection.end({ type: "slow" });
  }

  /** Sends whole lines, but for the client's own. */
  #sendLines({ bytes, own }: PushedLines): void {
    let from = 0;
    for (const range of own?.ranges ?? []) {
      this.#sendWhole(bytes.subarray(from, range.start));
      this.#skipped();
      from = range.end;
    }
    this.#sendWhole(bytes.subarray(from));
  }

  #sendWhole(lines: Uint8Array): void {
    if (lines.length === 0) return;
    if (this.#isMidLine || this.#lineEnd === "owed") this.#connection.send(LINE_END);
    this.#lineEnd = "as it is";
    this.#isMidLine = isMidLine(lines);
    this.#connection.send(lines);
  }

  #thawedAt(end: number, isMidLine: boolean): void {
    this.#thawedEnd = end;
    this.#isThawedMidLine = isMidLine;
  }

  /**
   * The document is edited by lines alone again: once the client has all that was pushed, it goes along the
   * file as before.
   */
  #pullIfLive(): void {
    if (this.#thawedEnd < 0 || !this.#isLive) return;
    this.#sent = this.#saved = this.#thawedEnd;
    this.#thawedEnd = -1;
    this.#source = undefined;
    // What was pushed had an end after each line, whatever the text has.
    const isMidLine = this.#isMidLine || this.#lineEnd === "owed";
    if (isMidLine && !this.#isThawedMidLine) {
      this.#connection.send(LINE_END);
      this.#isMidLine = false;
      this.#lineEnd = "as it is";
    } else if (!isMidLine && this.#isThawedMidLine) this.#lineEnd = "paid";
  }

  /** Sends what was pushed while the client was behind. */
  #sendLater(): void {
    const later = this.#later;
    this.#later = [];
    this.#laterBytes = 0;
    for (const lines of later) {
      this.#connection.allowOutbound(lines.bytes.length + 1);
      this.#sendLines(lines);
    }
    this.#pullIfLive();
  }

  #updated({ start, bytes, endsLine, own }: DocumentUpdated): void {
    if (own !== undefined) this.#settled(own.characters);
    if (this.#thawedEnd >= 0) {
      this.#thawedAt(start + bytes.length, isMidLine(bytes));
      return this.#push(wholeLines(start + (endsLine ? 1 : 0), bytes.subarray(endsLine ? 1 : 0), own));
    }
    const wasLive = this.#isLive;
    if (wasLive && !this.#isTooMuchAtOnce(bytes)) {
      this.#saved = this.#sent = start + bytes.length;
      this.#sendOthers(start, bytes, own);
      this.#endIfDone();
      return;
    }
    if (start !== this.#saved) {
      // The document was replaced: there may be nothing to be read where the client stands, and its own
      // updates are gone.
      this.#sent = Math.min(this.#sent, start);
      this.#own = [];
    }
    this.#saved = start + bytes.length;
    if (own !== undefined) { for (const range of own.ranges) this.#skipLater(range); }
    if (wasLive) this.#goOn();
  }

  /**
   * More than may ever wait, or more than may wait now for a client that keeps up, is read from the document,
   * piece by piece. A client that does not keep up is not spared what it could have been sent.
   */
  #isTooMuchAtOnce(bytes: Uint8Array): boolean {
    if (bytes.length > this.#maxOutboundBytes) return true;
    const { queuedBytes } = this.#connection;
    const keepsUp = queuedBytes < Math.min(LOW_WATER_BYTES, this.#maxOutboundBytes / 2);
    return keepsUp && queuedBytes + bytes.length > this.#maxOutboundBytes;
  }

  #skipLater(range: DocumentRange): void {
    const last = this.#own.at(-1);
    if (last?.end === range.start) this.#own[this.#own.length - 1] = { start: last.start, end: range.end };
    else this.#own.push(range);
  }

  /** Sends what others have added. */
  #sendOthers(start: number, bytes: Uint8Array, own: OwnUpdates | undefined): void {
    if (own === undefined) return this.#send(bytes);
    let from = start;
    for (const range of own.ranges) {
      if (range.start > from) this.#send(bytes.subarray(from - start, range.start - start));
      this.#skipped();
      from = range.end;
    }
    if (from < start + bytes.length) this.#send(bytes.subarray(from - start));
  }

  /** The client has seen less than there is: brings it one step further. */
  #goOn(): void {
    if (!this.#snapshotSent && this.#sent >= this.#snapshotEnd) {
      this.#snapshotSent = true;
      this.#connection.context.log.info(`Sent current document to client ${this.#connection.remote}`, {
        event: "document-sent",
      });
    }
    if (this.#sent === this.#saved && this.#later.length > 0) this.#sendLater();
    if (this.#isLive) {
      this.#pullIfLive();
      this.#sendErrors();
      this.#endIfDone();
      return;
    }
    const drained = (): EditorSessionMessage => ({ type: "drained" });
    this.#connection.context.pipe(this.#connection.drained(), drained, drained);
  }

  #readOn(): void {
    const next = this.#own[0];
    if (next !== undefined && next.start <= this.#sent) {
      this.#own.shift();
      this.#sent = next.end;
      this.#skipped();
      return this.#goOn();
    }
    const end = Math.min(this.#sent + PIECE_BYTES, next?.start ?? this.#saved, this.#saved);
    const range = { start: this.#sent, end };
    if (this.#source !== undefined) {
      return this.#piece(range.start, this.#source.subarray(range.start, range.end));
    }
    this.#document.tell({ type: "read", range, replyTo: this.#connection.self });
  }

  #piece(start: number, piece: Uint8Array): void {
    // The document was replaced while the piece was read: it is not what stands there now.
    if (start !== this.#sent) return this.#goOn();
    if (piece.length === 0) {
      // The file was cut short by another program: the rest is gone.
      this.#sent = this.#saved;
      this.#own = [];
      return this.#goOn();
    }
    // Whole lines, so that a client that is slow to be sent the next piece does not see half a line
    // meanwhile.
    const isLast = start + piece.length >= this.#saved;
    const bytes = isLast ? piece : piece.subarray(0, piece.lastIndexOf(LF) + 1 || piece.length);
    this.#sent += bytes.length;
    // One piece after the other is asked for only when the last has gone: they need not fit into what may
    // wait.
    this.#connection.allowOutbound(bytes.length + 1);
    this.#send(bytes);
    this.#goOn();
  }

  /** Some of the client's own updates are saved, or will not be. */
  #settled(characters: number): void {
    this.#unsavedCharacters -= characters;
    if (this.#isPaused && this.#unsavedCharacters < UNSAVED_CHARACTERS / 2) {
      this.#isPaused = false;
      this.#connection.resume();
    }
  }

  #sendErrors(): void {
    if (!this.#isLive) return;
    for (const line of this.#errors.splice(0)) this.#sendError(line);
    this.#endIfDone();
  }

  /** An error is a line of its own, also after a document that has no end. */
  #sendError(line: string): void {
    if (this.#isMidLine || this.#lineEnd === "owed") {
      this.#connection.send(LINE_END);
      this.#lineEnd = "paid";
      this.#isMidLine = false;
    }
    this.#connection.sendText(line);
  }

  #send(bytes: Uint8Array): void {
    const startsWithLineEnd = bytes[0] === LF;
    if (this.#lineEnd === "owed" && !startsWithLineEnd) this.#connection.send(LINE_END);
    const from = this.#lineEnd === "paid" && startsWithLineEnd ? 1 : 0;
    this.#lineEnd = "as it is";
    this.#connection.send(from === 0 ? bytes : bytes.subarray(from));
    this.#isMidLine = bytes[bytes.length - 1] !== LF;
  }

  /**
   * An update of the client's own is passed over, which may have ended the line that the client was sent
   * without an end.
   */
  #skipped(): void {
    if (this.#isMidLine) this.#lineEnd = "owed";
    else if (this.#lineEnd === "paid") this.#lineEnd = "as it is";
    this.#isMidLine = false;
  }

  #endIfDone(): void {
    if (this.#hasEnded && this.#isLive && this.#unsavedCharacters === 0) {
      this.#connection.end({ type: "ended" });
    }
  }
}
