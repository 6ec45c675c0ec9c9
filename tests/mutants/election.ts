import type { Mutant } from "./mutant.ts";

/** Mutants of election. */
export const election: readonly Mutant[] = [
  {
    what: "any term is believed",
    file: "protocols/election_terms.ts",
    from: "return term <= own + MAX_TERM_STEP;",
    to: "return true;",
  },
  {
    what: "a candidate asks for votes in a term that was",
    file: "protocols/election_terms.ts",
    from: "let term = above + 1;",
    to: "let term = above;",
  },
  {
    what: "two leaders of one term write the log",
    file: "protocols/file_log_token.ts",
    from: "token.term > stored.term ||",
    to: "token.term >= stored.term ||",
  },
  {
    what: "an older token of the same leader writes the log",
    file: "protocols/file_log_token.ts",
    from: "token.term === stored.term && token.leader === stored.leader",
    to: "token.leader === stored.leader",
  },
  {
    what: "the vote is not remembered",
    file: "actors/election/memory_file.ts",
    from:
      'await writeAtomic(disk, path, new TextEncoder().encode(JSON.stringify({ term, votedFor }) + "\\n"));',
    to: "await Promise.resolve([disk, path, term, votedFor, writeAtomic]);",
  },
  {
    what: "the vote in the present term is forgotten",
    file: "actors/election/memory_file.ts",
    from: "JSON.stringify({ term, votedFor })",
    to: "JSON.stringify({ term, votedFor: 0 })",
  },
  {
    what: "a disk that fails once makes a node forget",
    file: "actors/election/memory_file.ts",
    from: "if (!isUseless(error)) throw error;",
    to: ";",
  },
  {
    what: "a frozen leader writes over its successor's log",
    file: "actors/election/file_log.ts",
    from: "if (fenced && !supersedes(token, other)) return",
    to: "if (false) return",
  },
  {
    what: "a log that was changed is not written again",
    file: "actors/election/file_log.ts",
    from: "new TextDecoder().decode(bytes) === current.text) return;",
    to: "bytes.length > 0) return;",
  },
  {
    what: "the latest token is not learnt from the disk",
    file: "actors/election/file_log.ts",
    from: "if (stored.term > this.#latest.term) this.#latest = stored;",
    to: ";",
  },
  {
    what: "a list that could not be fetched is not asked for again",
    file: "actors/election/file_collector.ts",
    from: "if (failure !== undefined && fetch.tries < TRIES) {",
    to: "if (false) {",
  },
  {
    what: "news that came while a list was fetched are forgotten",
    file: "actors/election/file_collector.ts",
    from: "      files.fetch.again = true;",
    to: "      ",
  },
  {
    what: "late results of an earlier leadership count",
    file: "actors/election/file_collector.ts",
    from: "fetch && this.#leading?.term === fetch.term;",
    to: "fetch;",
  },
  {
    what: "changes of the files are not written to the log",
    file: "actors/election/file_collector.ts",
    from: "!sameNames(files.names ?? [], names)",
    to: "false",
  },
  {
    what: "what waits for a link has no limit",
    file: "actors/election/peer_link.ts",
    from: "if (waiting.length >= MAX_WAITING) {",
    to: "if (false) {",
  },
  {
    what: "both sides keep another of two connections",
    file: "actors/election/peer_link.ts",
    from: "new LinkConnections(options.ownId < options.peer.id)",
    to: "new LinkConnections(true)",
  },
  {
    what: "a changed list has the version of the one before",
    file: "actors/election/folder_watcher.ts",
    from: "before.version + 1,",
    to: "before.version,",
  },
  {
    what: "a folder that can be read again is not told of",
    file: "actors/election/folder_watcher.ts",
    from: "this.#unreadable = false;\n",
    to: "\n",
  },
  {
    what: "leaders of old terms are believed",
    file: "protocols/election.ts",
    from: "        if (event.term >= this.#state.term &&",
    to: "        if (",
  },
];
