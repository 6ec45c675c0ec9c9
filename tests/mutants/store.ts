import type { Mutant } from "./mutant.ts";

/** Mutants of store. */
export const store: readonly Mutant[] = [
  {
    what: "a torn tail is not cut",
    file: "actors/store/_framed_form.ts",
    from: "if (scan.whole < size) await owned.file.truncate(scan.whole);",
    to: ";",
  },
  {
    what: "what a killed process left is not synced before it is trusted",
    file: "actors/store/_framed_form.ts",
    from: "    if (size > 0) await owned.file.sync();",
    to: "    ",
  },
  {
    what: "a foreign file is taken for a log",
    file: "actors/store/_framed_form.ts",
    from: "alike >= found.length * 3 / 4",
    to: "alike >= 0",
  },
  {
    what: "checksums of records are never checked",
    file: "actors/store/_frames.ts",
    from: "if (frameChecksum(record) !== header.checksum) return",
    to: "if (false) return",
  },
  {
    what: "the search behind damage takes anything for a record",
    file: "actors/store/_frames.ts",
    from:
      "return frameChecksum(await readFully(file, at + HEADER_BYTES, at + HEADER_BYTES + length)) === checksum;",
    to: "return true;",
  },
  {
    what: "a record that lacks a byte is taken",
    file: "actors/store/_frames.ts",
    from: "if (end + needed > chunk.length) return { end, count, needed, broken: false };",
    to: "if (end + needed > chunk.length + 1) return { end, count, needed, broken: false };",
  },
  {
    what: "where the whole records end is counted wrong",
    file: "actors/store/_frames.ts",
    from: "if (count > 0) whole = at;",
    to: "if (count > 1) whole = at;",
  },
  {
    what: "the checksum is not the CRC",
    file: "actors/store/_crc32c.ts",
    from: "(TABLE[(rest ^ (bytes[i] ?? 0)) & 0xff] ?? 0)",
    to: "(TABLE[(bytes[i] ?? 0) & 0xff] ?? 0)",
  },
  {
    what: "a torn line of a text is not cut",
    file: "actors/store/_text_form.ts",
    from: "if (length < size) await file.truncate(length);",
    to: ";",
  },
  {
    what: "a text that a killed process left is not synced",
    file: "actors/store/_text_form.ts",
    from: "    if (size > 0) await file.sync();",
    to: "    ",
  },
  {
    what: "an append is never announced before it is written",
    file: "actors/store/_text_form.ts",
    from: "return durable || crossesPage(offset, bytes.length);",
    to: "return false;",
  },
  {
    what: "a torn intent is believed",
    file: "actors/store/_torn_tail.ts",
    from: "if (checksum(bytes, body) !== header.getUint32(12)) return undefined;",
    to: ";",
  },
  {
    what: "an intent is not durable before what it announces",
    file: "actors/store/_torn_tail.ts",
    from: "if (durable) await file.sync();",
    to: ";",
  },
  {
    what: "what a person typed is cut as a torn tail",
    file: "actors/store/_torn_tail.ts",
    from:
      "for (let i = same; i < tail.length; i++) if (tail[i] !== 0 && tail[i] !== intent.bytes[i]) return 0;",
    to: ";",
  },
  {
    what: "a tail longer than what was announced is cut",
    file: "actors/store/_torn_tail.ts",
    from: "if (tail.length > intent.bytes.length) return 0;",
    to: ";",
  },
  {
    what: "the half line at the end stays",
    file: "actors/store/_torn_tail.ts",
    from: "return tail.length - (lastLineEnd + 1);",
    to: "return 0;",
  },
  {
    what: "a file gets its name before its content is safe",
    file: "actors/store/atomic_file.ts",
    from: "    await file.sync();\n",
    to: "    \n",
  },
  {
    what: "the rename goes the wrong way",
    file: "actors/store/atomic_file.ts",
    from: "    await disk.rename(temporary, target);",
    to: "    await disk.rename(target, temporary);",
  },
  {
    what: "what must be alone is not",
    file: "actors/store/_group_commit.ts",
    from: "while (!this.isIdle) await this.idle();",
    to: ";",
  },
  {
    what: "a close does not write what waits",
    file: "actors/store/log_file.ts",
    from: "if (this.#pending.length > 0 || !this.#unsynced.isEmpty) await this.#commit(true);",
    to: ";",
  },
  {
    what: "what a failed write left is not mended before the next",
    file: "actors/store/log_file.ts",
    from: "await this.#mend();",
    to: ";",
  },
  {
    what: "a rewrite forgets what waits",
    file: "actors/store/log_file.ts",
    from: "do await this.#commit(false); while (this.#pending.length > 0);",
    to: ";",
  },
  {
    what: "a failed sync is forgotten: its pages are trusted",
    file: "actors/store/_unsynced.ts",
    from: "this.#isSuspect = !this.isEmpty;",
    to: "this.#isSuspect = false;",
  },
  {
    what: "lines of a text keep the end of the one before",
    file: "actors/store/_scan.ts",
    from: "start = end + 1;",
    to: "start = end;",
  },
  {
    what: "the name of a replaced file is not made durable",
    file: "actors/store/_owned_file.ts",
    from: "await this.#disk.syncDirectory(dirname(target));",
    to: ";",
  },
  {
    what: "a cut-back after a failed write is not synced",
    file: "actors/store/log_file.ts",
    from: "await file.sync();\n      this.#leftovers = false;\n    } catch",
    to: "this.#leftovers = false;\n    } catch",
  },
  {
    what: "what a failed write left is cut later, and not synced",
    file: "actors/store/log_file.ts",
    from: "await this.#owned.file.sync();\n      this.#leftovers = false;",
    to: "this.#leftovers = false;",
  },
  {
    what: "what waits behind a commit that fails is not committed",
    file: "actors/store/_group_commit.ts",
    from: "const promise = this.#running.catch(() => {}).then(() => {",
    to: "const promise = this.#running.then(() => {",
  },
  {
    what: "who waits for a sync gets the flush before it",
    file: "actors/store/_group_commit.ts",
    from: "waiting.durable ||= durable;",
    to: ";",
  },
];
