/**
 * How a download goes, for people and programs.
 *
 * @module
 */
import type { DownloadNotice, TorrentStatus } from "../actors/sharing/mod.ts";
import type { Log } from "../mod.ts";
import { formatByteSize } from "../protocols/byte_size.ts";
import { columnsOf, cutToColumns } from "./_columns.ts";
import { canRedraw, sizeOfScreen } from "./_terminal.ts";
import { visibleText } from "../protocols/visible_text.ts";

/** A time as people read it: `1:02:03`, `2:03`. */
function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Whole percent that are there. */
function percentOf({ haveBytes, length }: TorrentStatus): number {
  return length === 0 ? 100 : Math.floor(100 * haveBytes / length);
}

/** Seconds that are left at the present rate; undefined when nothing comes. */
function secondsLeft({ haveBytes, length, downloadRate }: TorrentStatus): number | undefined {
  return downloadRate < 1 ? undefined : (length - haveBytes) / downloadRate;
}

/**
 * One line of progress: name, bytes, percent, rate, peers, time left. What is too long for so many columns
 * loses the end of the name first, and then its own.
 */
export function progressLine(status: TorrentStatus, columns = Infinity): string {
  const { name, haveBytes, length, downloadRate, peers, state } = status;
  const left = secondsLeft(status);
  const what = state === "scanning" ? "looking at what is there" : state === "finishing" ? "verifying" : [
    `${formatByteSize(downloadRate)}/s`,
    `${peers.length} ${peers.length === 1 ? "peer" : "peers"}`,
    ...(left === undefined ? [] : [`${formatSeconds(left)} left`]),
  ].join("  ");
  const bytes = `${formatByteSize(haveBytes)} of ${formatByteSize(length)}`;
  const rest = `  ${bytes}  ${percentOf(status)} %  ${what}`;
  const shown = cutToColumns(visibleText(name), Math.max(MIN_NAME_COLUMNS, columns - columnsOf(rest)));
  return cutToColumns(shown + rest, columns);
}

/** So much of a name is shown, however narrow the terminal is. */
const MIN_NAME_COLUMNS = 8;

/** Where a {@linkcode ProgressPrinter} prints. */
export interface ProgressOptions {
  /** One JSON object a line. */
  readonly json: boolean;
  /** Prints a line. */
  readonly print: (line: string) => void;
}

/** The log gathers the lines of a turn: so long until they are written. */
const LOG_MS = 50;

/** Shows notices: one line that is written over itself on a terminal, and lines elsewhere, fewer of them. */
export class ProgressPrinter {
  readonly #options: ProgressOptions;
  readonly #canRedraw: boolean;
  readonly #encoder = new TextEncoder();
  #lastTenth = -1;
  #isLineOpen = false;
  /** Until then the line is not drawn: lines of the log are on their way to the terminal. */
  #heldUntilMs = 0;

  /** Nothing is shown yet. */
  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#canRedraw = !options.json && canRedraw(Deno.stdout);
  }

  /** Shows a notice. */
  show(notice: DownloadNotice): void {
    if (this.#options.json) return this.#options.print(JSON.stringify(jsonOf(notice)));
    switch (notice.type) {
      case "download-progress":
        return this.#showProgress(notice.status);
      case "download-note":
        this.end();
        return this.#options.print(visibleText(notice.text));
      case "download-done":
        this.end();
        return this.#options.print(`Fetched ${visibleText(notice.name)}`);
      case "download-failed":
        // Its reason is said by who ends the program.
        return this.end();
    }
  }

  /** Ends the line that is written over. */
  end(): void {
    if (this.#isLineOpen) Deno.stdout.writeSync(this.#encoder.encode("\n"));
    this.#isLineOpen = false;
  }

  /** Gives lines of the log their place: what is written over is taken away, and drawn anew below them. */
  above(log: Log): Log {
    if (!this.#canRedraw) return log;
    return {
      enabled: (level) => log.enabled(level),
      write: (record) => {
        if (log.enabled(record.level)) this.#makeRoom();
        log.write(record);
      },
    };
  }

  #makeRoom(): void {
    this.#heldUntilMs = performance.now() + LOG_MS;
    if (this.#isLineOpen) Deno.stdout.writeSync(this.#encoder.encode("\r\x1b[K"));
    this.#isLineOpen = false;
  }

  #showProgress(status: TorrentStatus): void {
    if (this.#canRedraw) {
      if (performance.now() < this.#heldUntilMs) return;
      // The last column stays free: what is written there may go on in the next line.
      const line = progressLine(status, sizeOfScreen().columns - 1);
      Deno.stdout.writeSync(this.#encoder.encode(`\r\x1b[K${line}`));
      this.#isLineOpen = true;
      return;
    }
    const tenth = Math.floor(percentOf(status) / 10);
    if (tenth <= this.#lastTenth) return;
    this.#lastTenth = tenth;
    this.#options.print(progressLine(status));
  }
}

function jsonOf(notice: DownloadNotice): unknown {
  if (notice.type !== "download-progress") return notice;
  const { status } = notice;
  const { name, state, haveBytes, length, downloadRate, uploadRate, downloaded, peers } = status;
  return {
    type: notice.type,
    name,
    state,
    bytes: haveBytes,
    totalBytes: length,
    percent: percentOf(status),
    downloadRate: Math.round(downloadRate),
    uploadRate: Math.round(uploadRate),
    downloadedBytes: downloaded,
    peers: peers.length,
    secondsLeft: secondsLeft(status) ?? null,
  };
}
