/**
 * What a user calls is shown: each function and class that an entry point exports has an example of its own,
 * or one of the same entry point uses it.
 *
 *     deno doc --json ENTRY… | deno run lint/examples.ts
 *
 * It prints what has none, and exits with 1.
 *
 * @module
 */

/** What needs more than an example can have, or is made by others alone: why. */
const WITHOUT: Readonly<Record<string, string>> = {
  ActorTracer: "a type alone",
  ClusterMetrics: "a type alone",
  HandlingTimes: "a type alone",
  Passivate: "made by the cluster",
  SimEngineServer: "a cluster in a simulated world",
  fetchOnce: "a network of nodes",
  hostAnswers: "another thread of the same program",
  natsDriver: "a server of NATS; natsEngine shows how one is named",
  networkFiles: "a network of nodes",
  replayInspector: "a replayed run",
  sharing: "a network of nodes",
};

interface Doc {
  readonly tags?: readonly { readonly kind: string }[];
}

interface Declared {
  readonly jsDoc?: Doc;
  readonly kind: string;
  readonly declarationKind: string;
  readonly def?: { readonly extends?: string };
}

/** As much of what `deno doc --json` prints as is looked at. */
interface Documented {
  readonly nodes: Readonly<
    Record<string, {
      readonly module_doc?: Doc;
      readonly symbols: readonly { readonly name: string; readonly declarations: readonly Declared[] }[];
    }>
  >;
}

/** The code of the examples in some documentation, without what it imports. */
function examplesIn(documentation: unknown): string {
  const text = JSON.stringify(documentation).replaceAll("\\n", "\n");
  const examples = text.match(/```ts[^`]*(?:`[^`]+`[^`]*)*```/g) ?? [];
  return examples.map((example) => example.replace(/import [^;]*;/g, "")).join("\n");
}

/** Functions and classes; an error is thrown by others, and caught by its name. */
function isCalled({ kind, declarationKind, def }: Declared): boolean {
  if (declarationKind !== "export") return false;
  return kind === "function" || (kind === "class" && !/Error$/.test(def?.extends ?? ""));
}

/** The names of what has no example in any entry point that exports it. */
function withoutExample({ nodes }: Documented): string[] {
  const isMissing = new Map<string, boolean>();
  for (const { module_doc, symbols } of Object.values(nodes)) {
    const examples = examplesIn([module_doc, symbols]);
    for (const { name, declarations } of symbols) {
      if (!declarations.some(isCalled)) continue;
      const isShown = new RegExp(`\\b${name}\\b`).test(examples) ||
        declarations.some(({ jsDoc }) => jsDoc?.tags?.some(({ kind }) => kind === "example"));
      isMissing.set(name, (isMissing.get(name) ?? true) && !isShown);
    }
  }
  return [...isMissing].filter(([, missing]) => missing).map(([name]) => name);
}

const documented: Documented = await new Response(Deno.stdin.readable).json();
const missing = withoutExample(documented);
const faults = [
  ...missing.filter((name) => !Object.hasOwn(WITHOUT, name)).map((name) =>
    `${name} is exported and shown by no example: give it one, or one of the same entry point that uses it`
  ),
  ...Object.keys(WITHOUT).filter((name) => !missing.includes(name)).map((name) =>
    `${name} has an example, or is gone: take it off the exceptions of lint/examples.ts`
  ),
];
for (const fault of faults) console.error(fault);
if (faults.length > 0) Deno.exit(1);
