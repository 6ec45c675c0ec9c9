import type { Mutant } from "./mutant.ts";

/** Mutants of net. */
export const net: readonly Mutant[] = [
  {
    what: "a connection that was reset before it was accepted ends the server's patience",
    file: "actors/net/tcp_server.ts",
    from:
      'if (error.kind === "connection-reset" || error.kind === "invalid-data") return this.#accept(listener);',
    to: ";",
  },
  {
    what: "peers are remembered without limit",
    file: "actors/net/datagrams.ts",
    from: "if (this.#peers.size >= this.#options.maxPeers) this.#forgetLeastRecent();",
    to: ";",
  },
  {
    what: "an ICMP answer ends the socket",
    file: "actors/net/datagrams.ts",
    from: 'else if (outcome.kind !== "connection-refused" && outcome.kind !== "unreachable") throw outcome;',
    to: "else throw outcome;",
  },
  {
    what: "peers that ended are never forgotten",
    file: "actors/net/datagrams.ts",
    from: "if (this.#peers.get(key) === actor) this.#peers.delete(key);",
    to: ";",
  },
  {
    what: "the answer to an earlier question is taken",
    file: "actors/net/datagram_client.ts",
    from: "question.command.answers?.(text) === false",
    to: "false",
  },
  {
    what: "anybody's datagram is an answer",
    file: "actors/net/datagram_client.ts",
    from: "from.hostname !== by.server.hostname ||",
    to: "false ||",
  },
  {
    what: "the time of a question that is answered counts for the next",
    file: "actors/net/datagram_client.ts",
    from: "question?.timer?.cancel();",
    to: ";",
  },
  {
    what: "a connection ends twice",
    file: "actors/net/connection.ts",
    from: 'if (!this.#closing.step("end")) return;',
    to: ";",
  },
  {
    what: "a connection with nothing to send is never closed",
    file: "actors/net/connection.ts",
    from: "else if (this.#sending.queuedBytes === 0) this.#flushed();",
    to: ";",
  },
  {
    what: "a lost connection is never dialled again",
    file: "actors/net/dialer.ts",
    from: "    if (reconnect === false) {",
    to: "    if (true) {",
  },
  {
    what: "idleness counts from the beginning of a connection",
    file: "actors/net/connection.ts",
    from: "    silence.heardAt = this.#own.coarseNow;\n",
    to: "\n",
  },
  {
    what: "one who is not read from is idle",
    file: "actors/net/_silence.ts",
    from: "if (isKeptWaiting) this.heardAt = now;",
    to: ";",
  },
  {
    what: "one who does not read what it is sent is read from all the same",
    file: "actors/net/_inbound.ts",
    from:
      "if (owner.isCongested) {\n      this.#isHeld = true;\n      return;\n    }\n    if (this.#bufferBytes",
    to: "if (this.#bufferBytes",
  },
  {
    what: "the silence of an unfinished line counts from its first piece",
    file: "actors/net/_stream_pause.ts",
    from: "    this.#chunkAt = now;\n    if (this.#timer === undefined) this",
    to: "    if (this.#timer === undefined) this.#chunkAt = now;\n    if (this.#timer === undefined) this",
  },
  {
    what: "what a short write left is forgotten",
    file: "actors/net/_outbound.ts",
    from: "if (this.#written < this.#toWrite) {",
    to: "if (false) {",
  },
  {
    what: "a peer that reads slowly is taken for one that does not read",
    file: "actors/net/_stall_watch.ts",
    from: "      this.#checks = 0;\n    } else if",
    to: "    } else if",
  },
];
