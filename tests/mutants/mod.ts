/**
 * Realistic bugs, written by hand, by the room in which they are. `deno task mutate` plants them one at a
 * time.
 *
 * @module
 */
import { store } from "./store.ts";
import { records } from "./records.ts";
import { chat } from "./chat.ts";
import { election } from "./election.ts";
import { net } from "./net.ts";
import { protocols } from "./protocols.ts";
import { editor } from "./editor.ts";
import { sharing } from "./sharing.ts";
import { runtime } from "./runtime.ts";
import { world } from "./world.ts";
import type { Mutant } from "./mutant.ts";

export type { Mutant } from "./mutant.ts";

/** What kills the mutants of a room: its tests, and its campaigns where it has some. */
export interface Room {
  readonly mutants: readonly Mutant[];
  /** Files and folders of tests. */
  readonly tests: readonly string[];
  /** Parts of the names of campaigns. */
  readonly campaigns: readonly string[];
}

/** The rooms. */
export const ROOMS: Readonly<Record<string, Room>> = {
  store: {
    mutants: store,
    tests: ["tests/store", "tests/records/simulated_test.ts"],
    campaigns: ["store under", "records under", "sync always", "chat under"],
  },
  records: {
    mutants: records,
    tests: ["tests/protocols/records_test.ts", "tests/records", "tests/tasks/records_server_test.ts"],
    campaigns: ["records under"],
  },
  chat: {
    mutants: chat,
    tests: ["tests/chat"],
    campaigns: ["chat by its rules", "chat under", "chat of many"],
  },
  election: {
    mutants: election,
    tests: [
      "tests/protocols/election_test.ts",
      "tests/protocols/election_peer_link_test.ts",
      "tests/election",
    ],
    campaigns: ["election's log", "election's files", "election under", "election starts", "by a stranger"],
  },
  net: {
    mutants: net,
    tests: ["tests/net", "tests/clock", "tests/knock"],
    campaigns: ["small services", "echo under"],
  },
  protocols: { mutants: protocols, tests: ["tests/protocols"], campaigns: [] },
  editor: {
    mutants: editor,
    tests: ["tests/protocols/editor_test.ts", "tests/editor", "tests/sim/together_test.ts"],
    campaigns: ["editor's client", "sync always", "editor through"],
  },
  sharing: { mutants: sharing, tests: ["tests/sharing"], campaigns: ["sharing"] },
  runtime: { mutants: runtime, tests: ["tests/runtime"], campaigns: [] },
  world: { mutants: world, tests: ["tests/world"], campaigns: [] },
};
