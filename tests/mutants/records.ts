import type { Mutant } from "./mutant.ts";

/** Mutants of records. */
export const records: readonly Mutant[] = [
  {
    what: "an intent is not durable before the change",
    file: "actors/records/intents.ts",
    from: "    await file.sync();",
    to: "    ",
  },
  {
    what: "the journal's name is not durable",
    file: "actors/records/intents.ts",
    from: "if (this.#length === 0) await this.#disk.syncDirectory(dirname(this.path));",
    to: ";",
  },
  {
    what: "each intent forgets the one before",
    file: "actors/records/intents.ts",
    from: "truncate: this.#length === 0,",
    to: "truncate: true,",
  },
  {
    what: "a write is answered before the file's name is safe",
    file: "actors/records/record.ts",
    from: "names.sync()",
    to: "Promise.resolve()",
  },
  {
    what: "an intent is closed before the change is durable",
    file: "actors/records/record_index.ts",
    from: "if (message.isDurable) this.#open.delete(message.id);",
    to: "this.#open.delete(message.id);",
  },
  {
    what: "the journal goes before the record file is durable",
    file: "actors/records/record_index.ts",
    from: "      await this.#recordFile.sync();\n      await this.#intents.keep(keep);",
    to: "      await this.#intents.keep(keep);",
  },
  {
    what: "at a stop the journal goes before the record file is durable",
    file: "actors/records/record_index.ts",
    from: "        await this.#recordFile.sync();\n        await this.#intents.keep([",
    to: "        await this.#intents.keep([",
  },
  {
    what: "a record that has gone keeps its line",
    file: "actors/records/record_index.ts",
    from: "this.#changed.delete(entry);\n    this.#mustRewrite = true;",
    to: "this.#changed.delete(entry);",
  },
  {
    what: "a record that has gone is counted",
    file: "actors/records/record_index.ts",
    from: "this.#entries.delete(id);",
    to: ";",
  },
  {
    what: "a failed update of the record file is not made good",
    file: "actors/records/record_index.ts",
    from: "this.#mustRewrite = true;",
    to: ";",
  },
  {
    what: "files that a crash caught are not read",
    file: "actors/records/recovery.ts",
    from: "isSuspect(id) || !found.stamps.has(id)",
    to: "!found.stamps.has(id)",
  },
  {
    what: "what a crash left open is believed",
    file: "actors/records/recovery.ts",
    from: "const isSuspect = (id: string) => left.keptAs !== undefined || left.ids.has(id);",
    to: "const isSuspect = (id: string) => left.keptAs !== undefined;",
  },
  {
    what: "records are refreshed long after they are due",
    file: "actors/records/refresher.ts",
    from: "this.#options.thresholdMs - 1",
    to: "this.#options.thresholdMs - 5000",
  },
  {
    what: "a round of refreshing ends while it is under way",
    file: "actors/records/refresher.ts",
    from: "if (this.#underWay > 0) return;",
    to: ";",
  },
  {
    what: "everything is refreshed at once",
    file: "actors/records/refresher.ts",
    from: "while (this.#underWay < this.#maxAtOnce) {",
    to: "while (this.#underWay < 1e9) {",
  },
  {
    what: "a client that asked much is never read again",
    file: "actors/records/doors/json.ts",
    from: "if (this.#places.length === MAX_UNANSWERED - 1) connection.resume();",
    to: ";",
  },
  {
    what: "answers pile up for one who does not read",
    file: "actors/records/doors/json.ts",
    from: "if (connection.queuedBytes > HIGH_WATER_BYTES) {",
    to: "if (false) {",
  },
  {
    what: "tokens can be guessed for ever",
    file: "actors/records/doors/json.ts",
    from: "if (++this.#wrongTokens === MAX_WRONG_TOKENS) this.#hasEnded = true;",
    to: ";",
  },
  {
    what: "any token opens the store",
    file: "actors/records/doors/json.ts",
    from: "this.#mayAsk = secret === undefined || isSameSecret(token, secret);",
    to: "this.#mayAsk = true;",
  },
  {
    what: "the record file is not synced",
    file: "actors/records/record_file.ts",
    from: "      await file.sync();",
    to: "      ",
  },
  {
    what: "a line of the record file is added anew at each change",
    file: "actors/records/record_file.ts",
    from: "if (line.offset < 0) added +=",
    to: "if (true) added +=",
  },
  {
    what: "a path hides in a client's id",
    file: "protocols/records.ts",
    from: "return /^[0-9]{1,20}$/.test(text);",
    to: "return /^[0-9./]{1,20}$/.test(text);",
  },
  {
    what: "datestamps are not of local time",
    file: "protocols/records.ts",
    from: "Math.floor((ms + zone.utcOffsetMinutes(ms) * 60_000) / 1000)",
    to: "Math.floor(ms / 1000)",
  },
];
