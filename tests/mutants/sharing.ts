import type { Mutant } from "./mutant.ts";

/** Mutants of sharing. */
export const sharing: readonly Mutant[] = [
  {
    what: "a piece outside of the torrent is counted",
    file: "actors/sharing/bitfield.ts",
    from: "if (piece < 0 || piece >= this.size || this.has(piece)) return false;",
    to: "if (this.has(piece)) return false;",
  },
  {
    what: "banned peers are dialled",
    file: "actors/sharing/address_book.ts",
    from: "entry.isBusy || entry.isBanned || entry.nextAtMs > nowMs",
    to: "entry.isBusy || entry.nextAtMs > nowMs",
  },
  {
    what: "liars are never banned",
    file: "actors/sharing/address_book.ts",
    from: "if (entry !== undefined) entry.isBanned = true;",
    to: ";",
  },
  {
    what: "an address is never dialled again",
    file: "actors/sharing/address_book.ts",
    from: "    entry.isBusy = false;",
    to: "    ",
  },
  {
    what: "a block that was not sent is not asked of another",
    file: "actors/sharing/active_piece.ts",
    from: "if (asked.length === 0 && !this.hasBlock(block)) this.#unasked++;",
    to: ";",
  },
  {
    what: "one block is asked of one peer many times",
    file: "actors/sharing/active_piece.ts",
    from: "if (asked.length >= maxAsked || asked.includes(peer)) continue;",
    to: ";",
  },
  {
    what: "the slowest are served",
    file: "actors/sharing/choker.ts",
    from: "b.rate - a.rate ||",
    to: "a.rate - b.rate ||",
  },
  {
    what: "a node that has gone stays in the catalog",
    file: "actors/sharing/collector.ts",
    from: "if (known !== undefined && ++known.failures >= MAX_FAILURES) {",
    to: "if (false) {",
  },
  {
    what: "pieces are not made durable",
    file: "actors/sharing/file_set.ts",
    from: "      await this.#open.use(this.pathOf(file), (opened) => opened.sync());",
    to: "      ",
  },
  {
    what: "a file of another size is offered",
    file: "actors/sharing/file_set.ts",
    from: "return info.isFile && info.size === file.length;",
    to: "return info.isFile;",
  },
  {
    what: "a tracker's failure is taken for an answer",
    file: "actors/sharing/announcer.ts",
    from: "if (status >= 500) throw",
    to: "if (false) throw",
  },
  {
    what: "all hashes are equal",
    file: "actors/sharing/bytes.ts",
    from: "if (a[index] !== b[index]) return false;",
    to: ";",
  },
  {
    what: "there is no limit of bandwidth",
    file: "actors/sharing/bandwidth.ts",
    from: "while (tokens > 0 && waiting.length > 0) {",
    to: "while (waiting.length > 0) {",
  },
  {
    what: "downloads have no limit",
    file: "actors/sharing/downloads.ts",
    from: "if (self.children().length >= MAX_DOWNLOADS) {",
    to: "if (false) {",
  },
  {
    what: "a piece is good whatever came",
    file: "actors/sharing/piece_verifier.ts",
    from: 'pieceHash(this.#info, active.index)) ? "good" : "bad"',
    to: 'pieceHash(this.#info, active.index)) ? "good" : "good"',
  },
  {
    what: "a bad piece is never fetched again",
    file: "actors/sharing/fetching.ts",
    from: "this.#options.picker.settle(active.index, false);",
    to: ";",
  },
  {
    what: "what an earlier attempt left is believed",
    file: "actors/sharing/storage.ts",
    from: "if (equalBytes(hasher.digest(), pieceHash(info, piece))) pieces.add(piece);",
    to: "pieces.add(piece);",
  },
  {
    what: "what one who left was asked for is asked of nobody else",
    file: "actors/sharing/torrent.ts",
    from: "    this.#fetching.release(peer);\n",
    to: "\n",
  },
  {
    what: "a block that was refused is asked of nobody else",
    file: "actors/sharing/fetching.ts",
    from:
      "if (!outstanding.isReleased) this.#options.picker.release(peer.id, outstanding.place);\n    // Not",
    to: "// Not",
  },
  {
    what: "a node whose list did not come is not asked again",
    file: "actors/sharing/collector.ts",
    from: "    this.#askLater(asked);\n  }\n\n  #tell",
    to: "  }\n\n  #tell",
  },
  {
    what: "trackers that did not answer are not asked again",
    file: "actors/sharing/announcer.ts",
    from: "return this.#again(Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** this.#failures++));",
    to: "return;",
  },
  {
    what: "nobody is told that a download failed",
    file: "actors/sharing/download.ts",
    from: '    this.#end({ type: "download-failed", reason });',
    to: "    this.#isOver = true;\n    this.#self.stop();",
  },
  {
    what: "a finished file gets its name before its content is safe",
    file: "actors/sharing/storage.ts",
    from: "    await this.#files.sync();\n",
    to: "\n",
  },
];
