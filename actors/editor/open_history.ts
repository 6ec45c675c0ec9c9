/**
 * A document that is opened to be edited together: its history, its file, and what happened to it meanwhile.
 *
 * @module
 */
import type { ActorLog } from "../runtime/mod.ts";
import { exists, type Journal, type LogFile, openFileJournal } from "../store/mod.ts";
import type { World } from "../world/world.ts";
import {
  type DocumentVersion,
  heldBy,
  HISTORY_SIGNATURE,
  historyCodec,
  type HistoryEvent,
} from "./history.ts";
import { decodeStrictly, decodeText } from "./known_text.ts";
import { cutOffBases, type HeldText, isCutOff, outsideEdits, replay } from "./recovery.ts";
import type { Replica, ReplicaFactory } from "./replica.ts";
import { SyncedFile } from "./synced_file.ts";
import { diffText } from "./text_diff.ts";
import { VersionList } from "./versions.ts";

/** Options of {@linkcode openHistory}. */
export interface OpenHistoryOptions {
  /** Loads what merges concurrent edits. */
  readonly replica: () => Promise<ReplicaFactory>;
  readonly textName: string;
  /** Bytes of the text as UTF-8. */
  readonly maxDocumentBytes: number;
  /** No history is taken to need fewer bytes than these. */
  readonly compactBytes: number;
  readonly warn: (message: string) => void;
}

/** What of this is left to the document's options. */
interface HistorySettings extends Partial<Omit<OpenHistoryOptions, "warn">> {}

/** How the history of a document is opened; undefined where it is not. */
export function historyOptions(
  { replica, maxDocumentBytes = 1 << 24, textName = "content", compactBytes = 1 << 18 }: HistorySettings,
  log: Pick<ActorLog, "warn">,
): OpenHistoryOptions | undefined {
  return replica &&
    {
      replica,
      maxDocumentBytes,
      textName,
      compactBytes,
      warn: (message) => log.warn(message, { event: "history-damaged" }),
    };
}

/** A document, open to be edited together. */
export interface OpenedHistory {
  readonly journal: Journal<HistoryEvent>;
  readonly replica: Replica;
  readonly file: SyncedFile;
  readonly versions: VersionList;
  /** See {@linkcode OpenHistoryOptions.compactBytes}. */
  readonly compactBytes: number;
  /** The file holds the text. */
  readonly isInSync: boolean;
  /** Whether somebody has taken the history away since this was asked: then it is to be written anew. */
  readonly isLost: () => boolean;
}

/** The document cannot be edited together: it is too large, or no text. The message is for people. */
export class NotEditable extends Error {
  /** For `error.name`. */
  override readonly name = "NotEditable";
}

/**
 * Opens the history beside a document's file, and merges into it what was done to the file since. All of that
 * is durable then.
 *
 * @param wasRemoved the file was not there, and was made just now: that is no edit of the text
 *
 * @throws {NotEditable} where there are no options, the document is too large or not UTF-8, and as the disk
 *   does.
 */
export async function openHistory(
  world: World,
  log: LogFile,
  options: OpenHistoryOptions | undefined,
  wasRemoved = false,
): Promise<OpenedHistory> {
  if (options === undefined) throw new NotEditable("the document is edited by lines alone");
  if (log.length > options.maxDocumentBytes) {
    throw new NotEditable(`the document is too large to be edited here (${log.length} bytes)`);
  }
  const { file, bytes } = await SyncedFile.open(world, log, options.maxDocumentBytes);
  const isText = decodeStrictly(bytes) !== undefined;
  if (!isText && !await exists(world.disk, historyPath(log.path))) throw notText();
  const makeReplica = await options.replica();
  const events: HistoryEvent[] = [];
  let isLost = false;
  const journal = await openFileJournal(world, historyPath(log.path), {
    codec: historyCodec,
    signature: HISTORY_SIGNATURE,
    refusesUnknown: true,
    replay: (event) => events.push(event),
    warn: options.warn,
    replaced: () => isLost = true,
  });
  try {
    await makeSure(journal, events);
    const replica = makeReplica({
      textName: options.textName,
      clientId: Math.floor(world.random.next() * 2 ** 32),
    });
    const recovered = replay(replica, events);
    const isInSync = await reconcile(
      replica,
      journal,
      file,
      bytes,
      events.length === 0 ? [] : wasRemoved ? [EMPTY] : recovered.bases,
    );
    const versions = new VersionList(recovered.versions);
    const takeLost = () => {
      const wasLost = isLost;
      isLost = false;
      return wasLost;
    };
    const { compactBytes } = options;
    return { journal, replica, file, versions, compactBytes, isInSync, isLost: takeLost };
  } catch (error) {
    await journal.close();
    throw error;
  }
}

/**
 * Writes a history anew that was not left in good order: a sync may have failed before, and then what is read
 * of the file need not be on the disk, and no later sync would bring it there (Linux takes pages for clean
 * whose writing failed). Later edits would be lost with it, since they refer to it.
 */
async function makeSure(journal: Journal<HistoryEvent>, events: readonly HistoryEvent[]): Promise<void> {
  const last = events.at(-1);
  if (last !== undefined && !isHeldWhole(last)) await journal.snapshot(() => events);
}

function notText(): NotEditable {
  return new NotEditable("the document is not a text in UTF-8");
}

/** What a file holds that was made just now. */
const EMPTY: HeldText = { text: "", lengths: [] };

/** Merges the file's text into the replica; says whether the file holds the text now. */
async function reconcile(
  replica: Replica,
  journal: Journal<HistoryEvent>,
  file: SyncedFile,
  bytes: Uint8Array,
  bases: readonly HeldText[],
): Promise<boolean> {
  const before = replica.text;
  const text = decodeStrictly(bytes);
  file.begin(text ?? decodeText(bytes));
  if (bases.length > 0 && before !== text && isCutOff(bytes, bases)) {
    // What somebody makes of it now, they make of what is left of it.
    if (text !== undefined) await say(journal, { type: "held", edits: diffText(before, text) });
    return false;
  }
  if (text === undefined) throw notText();
  // A history that says nothing of the file, as when it is new: the file's text is the document.
  const known = bases.length === 0
    ? [{ text: before, lengths: [] }]
    : [...bases, ...cutOffBases(text, bases)];
  const update = replica.transact(() => replica.edit(outsideEdits(text, known, before)));
  const after = replica.text;
  const held = diffText(after, text);
  await say(journal, update === undefined ? { type: "held", edits: held } : { type: "update", update, held });
  return after === text;
}

async function say(journal: Journal<HistoryEvent>, event: HistoryEvent): Promise<void> {
  journal.append([event]);
  await journal.commit();
}

/** Where the history of a document stands. */
export function historyPath(path: string): string {
  return `${path}.history`;
}

/** So often is a file brought up to its history while somebody else keeps changing it; then it is left so. */
const MAX_TRIES = 10;

/**
 * Brings a file up to its history, after a crash: an edit may be durable there that the file does not have
 * yet. A document that was never edited together, and one that was left in good order, costs a look at its
 * history.
 */
export async function bringUpToDate(world: World, log: LogFile, options: OpenHistoryOptions): Promise<void> {
  if (!log.created && await isInOrder(world, log.path, options)) return;
  if (log.created && !await exists(world.disk, historyPath(log.path))) return;
  for (let tries = 1; !await broughtUpToDate(world, log, options, log.created && tries === 1); tries++) {
    // It is merged at the latest when the document is edited together.
    if (tries === MAX_TRIES) return options.warn(`${log.path} is changed all the time: it may lack edits`);
  }
}

/** False where somebody has changed the file meanwhile: that is to be merged first. */
async function broughtUpToDate(
  world: World,
  log: LogFile,
  options: OpenHistoryOptions,
  wasRemoved: boolean,
): Promise<boolean> {
  const opened = await openHistory(world, log, options, wasRemoved);
  const { journal, replica, file, isInSync } = opened;
  try {
    if (isInSync) return true;
    const { text } = replica;
    journal.append([{ type: "writing" }]);
    await journal.commit();
    if (!await file.replace(text)) return false;
    journal.append([{ type: "held", edits: [] }]);
    return true;
  } finally {
    await closeHistory(opened);
  }
}

async function closeHistory({ file, journal, replica }: OpenedHistory): Promise<void> {
  file.close();
  await journal.close();
  replica.destroy();
}

/** Waits until a history is opened, or read, and closes it. */
export async function leaveHistory(opening: Promise<OpenedHistory | VersionList> | undefined): Promise<void> {
  const opened = await opening?.catch(() => undefined);
  if (opened !== undefined && "journal" in opened) await closeHistory(opened);
}

/** The versions of a document that nobody edits together just now. */
export async function readVersions(
  world: World,
  path: string,
  options: OpenHistoryOptions,
): Promise<VersionList> {
  const versions: DocumentVersion[] = [];
  await readHistory(world, path, options, (event) => {
    if (event.type === "version") versions.push(event.version);
  });
  return new VersionList(versions);
}

async function isInOrder(world: World, path: string, options: OpenHistoryOptions): Promise<boolean> {
  let last: HistoryEvent | undefined;
  await readHistory(world, path, options, (event) => last = event);
  // The compiler does not see that it was assigned.
  const event: HistoryEvent | undefined = last;
  return event === undefined || isHeldWhole(event);
}

/** Reads a history, where there is one. */
async function readHistory(
  world: World,
  path: string,
  { warn }: OpenHistoryOptions,
  replay: (event: HistoryEvent) => void,
): Promise<void> {
  if (!await exists(world.disk, historyPath(path))) return;
  const journal = await openFileJournal(world, historyPath(path), {
    codec: historyCodec,
    signature: HISTORY_SIGNATURE,
    refusesUnknown: true,
    replay,
    warn,
  });
  await journal.close();
}

function isHeldWhole(event: HistoryEvent): boolean {
  return heldBy(event)?.length === 0;
}
