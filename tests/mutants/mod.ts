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
import { editorRules } from "./editor_rules.ts";
import { sharing } from "./sharing.ts";
import { runtime } from "./runtime.ts";
import { world } from "./world.ts";
import { cluster } from "./cluster.ts";
import type { Room } from "../../tasks/_mutants.ts";

/** The rooms. */
export const ROOMS: Readonly<Record<string, Room>> = {
  store: {
    mutants: store,
    tests: ["tests/store", "tests/records/simulated_test.ts"],
    campaigns: [
      ["store under chaos", 100],
      ["records under chaos", 8],
      ["editor under chaos, sync always", 20],
      ["chat under chaos", 6],
    ],
  },
  records: {
    mutants: records,
    tests: [
      "tests/protocols/records_test.ts",
      "tests/records",
      "tests/tasks/records_server_test.ts",
      "tests/tasks/records_server_operation_test.ts",
      "tests/tasks/records_client_test.ts",
    ],
    campaigns: [["records under chaos", 56]],
  },
  chat: {
    mutants: chat,
    tests: ["tests/chat"],
    campaigns: [
      ["chat over IRC by its rules", 25],
      ["chat by its rules", 40],
      ["chat in trouble", 25],
      ["chat's history under chaos", 25],
      ["chat under chaos", 48],
      ["chat of many servers", 24],
    ],
  },
  election: {
    mutants: election,
    tests: [
      "tests/protocols/election_test.ts",
      "tests/protocols/election_peer_link_test.ts",
      "tests/election",
    ],
    campaigns: [
      ["election with faults at messages", 200],
      ["election in random networks", 300],
      ["election's log under chaos", 60],
      ["election's files under chaos", 30],
      ["election under chaos", 40],
      ["election starts, and its links hold", 20],
      ["election starts again, and its links hold", 20],
      ["election with a secret, besieged by a host in the place of a node", 4],
      ["election without a secret, besieged by a stranger", 4],
      ["election without a secret, besieged by a host in the place of a node", 4],
    ],
  },
  net: {
    mutants: net,
    tests: ["tests/net", "tests/clock", "tests/knock"],
    campaigns: [["net by its rules", 50], ["echo under chaos", 60], ["small services under chaos", 20]],
  },
  protocols: { mutants: protocols, tests: ["tests/protocols"], campaigns: [] },
  editor: {
    mutants: [...editor, ...editorRules],
    tests: ["tests/protocols/editor_test.ts", "tests/editor"],
    campaigns: [
      ["editor by its rules", 84],
      ["editor's client, and a document that comes in pieces", 60],
      ["editor under chaos, sync always", 60],
      ["editor through all doors under chaos", 25],
      ["editor's file follows its text", 8],
      ["editor's file saved by a person who thinks", 12],
    ],
  },
  sharing: {
    mutants: sharing,
    tests: ["tests/sharing"],
    campaigns: [
      ["sharing by its rules", 56],
      ["sharing while people change the files", 32],
      ["sharing under chaos", 16],
    ],
  },
  cluster: {
    mutants: cluster,
    tests: [
      "tests/cluster/persistent_test.ts",
      "tests/cluster/addresses_test.ts",
      "tests/cluster/lease_test.ts",
      "tests/cluster/journal_test.ts",
      "tests/cluster/placed_test.ts",
      "tests/cluster/decision_test.ts",
      "tests/cluster/kept_test.ts",
      "tests/cluster/leaving_test.ts",
      "tests/cluster/told_before_leaving_test.ts",
      "tests/cluster/refused_writes_test.ts",
      "tests/cluster/route_test.ts",
      "tests/cluster/waking_test.ts",
      "tests/cluster/crossing_test.ts",
      "tests/cluster/empty_state_test.ts",
      "tests/cluster/given_functions_test.ts",
      "tests/cluster/metrics_test.ts",
      "tests/cluster/contract/memory_test.ts",
      "tests/cluster/contract/sim_test.ts",
      "tests/cluster/contract/sqlite_test.ts",
    ],
    campaigns: [["cluster", 40], ["chat of many servers", 24]],
  },
  runtime: { mutants: runtime, tests: ["tests/runtime"], campaigns: [] },
  world: { mutants: world, tests: ["tests/world"], campaigns: [] },
};
