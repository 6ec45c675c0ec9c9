/**
 * What a user calls is shown: by an example of its own, or by one of the same entry point that uses it.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { root, startProcess } from "../_helpers.ts";

/** What needs more than an example can have, or is made by others alone. */
const WITHOUT: Readonly<Record<string, string>> = {
  natsDriver: "a server of NATS; natsEngine shows how one is named",
  replayInspector: "a replayed run: deno task simulate --inspect",
  sharing: "a network of nodes: docs/protocols.md",
  fetchOnce: "a network of nodes: docs/protocols.md",
  networkFiles: "a network of nodes: docs/protocols.md",
  SimEngineServer: "a cluster in a simulated world: docs/simulator.md",
  Passivate: "made by the cluster",
  hostAnswers: "another thread: deno task ... --cores, with --inspect",
  ClusterMetrics: "a type alone",
  HandlingTimes: "a type alone",
  ActorTracer: "a type alone",
};

interface Doc {
  readonly doc?: string;
  readonly tags?: readonly { readonly kind: string; readonly doc?: string }[];
}

interface Declared {
  readonly jsDoc?: Doc;
  readonly kind: string;
  readonly declarationKind: string;
  readonly def?: {
    readonly extends?: string;
    readonly constructors?: readonly unknown[];
    readonly [part: string]: unknown;
  };
}

interface Documented {
  readonly nodes: Readonly<
    Record<string, {
      readonly module_doc?: Doc;
      readonly symbols: readonly { readonly name: string; readonly declarations: readonly Declared[] }[];
    }>
  >;
}

/** What `deno doc` makes of all entry points. */
async function documented(): Promise<Documented> {
  const entries = Object.values(config.exports);
  await using process = startProcess(Deno.execPath(), ["doc", "-q", "--json", ...entries], { cwd: root });
  const { code, stdout } = await process.ended(120_000);
  assertEquals(code, 0);
  return JSON.parse(stdout);
}

/** The code of the examples in some documentation, without what it imports. */
function examplesIn(value: unknown): string {
  const texts = JSON.stringify(value).replaceAll("\\n", "\n").match(/```ts[^`]*(?:`[^`]+`[^`]*)*```/g);
  return texts?.map((text) => text.replace(/import [^;]*;/g, "")).join("\n") ?? "";
}

const isError = ({ def }: Declared) => /Error$/.test(def?.extends ?? "");
const isCalled = (declared: Declared) =>
  declared.kind === "function" || (declared.kind === "class" && !isError(declared));

Deno.test("docs: every function and class that an entry point exports is used by an example, and those that are not are few", async () => {
  const { nodes } = await documented();
  const missing = new Map<string, boolean>();
  for (const { module_doc, symbols } of Object.values(nodes)) {
    const examples = examplesIn([module_doc, symbols]);
    for (const { name, declarations } of symbols) {
      if (!declarations.some((declared) => declared.declarationKind === "export" && isCalled(declared))) {
        continue;
      }
      const isShown = new RegExp(`\\b${name}\\b`).test(examples) ||
        declarations.some(({ jsDoc }) => jsDoc?.tags?.some(({ kind }) => kind === "example"));
      // One of two entry points that export it is enough.
      missing.set(name, (missing.get(name) ?? true) && !isShown);
    }
  }
  const names = [...missing].filter(([, isMissing]) => isMissing).map(([name]) => name);
  assertEquals(names.sort(), Object.keys(WITHOUT).sort());
});
