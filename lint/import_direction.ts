/**
 * Arrows go one way:
 * `tasks → actors/<service> → actors/net, actors/store, actors/cluster → actors/runtime → actors/world`;
 * everything may use `protocols`, and `protocols` uses nothing. A service never imports another service.
 *
 * @module
 */
import { inRepository, isRealWorld } from "./_rooms.ts";

/** The rule `troupe/import-direction`. */
export const importDirection: Deno.lint.Rule = {
  create(context) {
    const path = inRepository(context.filename);
    if (path === null) return {};
    const check = (node: Deno.lint.Node, specifier: unknown) => {
      if (typeof specifier !== "string") return;
      const message = wrong(path, specifier);
      if (message !== undefined) context.report({ node, message });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source.value),
      ExportNamedDeclaration: (node) => check(node, node.source?.value),
      ExportAllDeclaration: (node) => check(node, node.source.value),
      ImportExpression: (node) => check(node, node.source.type === "Literal" ? node.source.value : undefined),
    };
  },
};

/** Directories of `actors/` that are of the toolkit; any other is a service. */
const TOOLKIT = ["world", "runtime", "net", "store", "cluster", "cores"];

/** Packages that some files have the use of, behind an interface of ours. */
const PACKAGES: readonly { readonly files: RegExp; readonly packages: readonly string[] }[] = [
  { files: /^actors\/editor\/yjs_replica\.ts$/, packages: ["yjs"] },
  {
    files: /^actors\/cluster\/engines\/_?nats\w*\.ts$/,
    packages: ["@nats-io/nats-core", "@nats-io/nats-core/internal", "@nats-io/jetstream", "@nats-io/kv"],
  },
  { files: /^actors\/inspect\/open_telemetry\.ts$/, packages: ["@opentelemetry/api"] },
];

/**
 * What each room may import beside itself. A service is `service`, the rest of the repository its first
 * directory.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  protocols: [],
  world: ["protocols"],
  runtime: ["world"],
  net: ["runtime", "world", "protocols"],
  store: ["runtime", "world", "protocols"],
  cluster: ["net", "store", "runtime", "world", "protocols"],
  cores: ["cluster", "runtime", "world"],
  service: ["cluster", "net", "store", "runtime", "world", "protocols"],
  "mod.ts": [...TOOLKIT, "protocols"],
  tasks: ["mod.ts", "service", ...TOOLKIT, "protocols", "deno.json"],
  tests: ["mod.ts", "service", ...TOOLKIT, "protocols", "deno.json", "tasks", "lint", "examples", "pages"],
  // As a user would: by the package's name alone.
  examples: [],
  lint: [],
  std: [],
};

/** What is wrong with an import, or undefined. */
function wrong(path: string, specifier: string): string | undefined {
  const from = roomOf(path);
  const allowed = ALLOWED[from];
  if (allowed === undefined) return undefined;
  if (/^https?:/.test(specifier)) return `${specifier}: nothing is imported from the web`;
  if (!/^\.{0,2}\//.test(specifier)) return wrongPackage(from, path, specifier);

  const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
  const to = roomOf(target);
  if (isRealWorld(target) && !mayUseRealWorld(from, path)) {
    return `${path} may not import ${target}: only what starts a system picks its world`;
  }
  if (
    target.startsWith("actors/world/sim/") &&
    ["runtime", "net", "store", "cluster", "cores", "service", "protocols"].includes(from)
  ) {
    return `${path} may not import ${target}: only what starts a system picks its world`;
  }
  if (from === to && (from !== "service" || directoryOf(path) === directoryOf(target))) return undefined;
  if (from === "service" && to === "service") {
    return `${path} may not import ${target}: a service never imports another`;
  }
  if (allowed.includes(to)) return undefined;
  return `${path} may not import ${target}: ${from} may use ${allowed.join(", ") || "nothing but itself"}`;
}

/** The real world is its own parts', the default of a system, and what entry points hand out. */
function mayUseRealWorld(from: string, path: string): boolean {
  return from === "world" || path === "actors/runtime/system.ts" ||
    path.startsWith("actors/cores/") ||
    ["mod.ts", "tasks", "tests"].includes(from);
}

function mayUsePackage(path: string, specifier: string): boolean {
  return PACKAGES.some(({ files, packages }) => files.test(path) && packages.includes(specifier));
}

function wrongPackage(from: string, path: string, specifier: string): string | undefined {
  // Which of them may do I/O is the matter of troupe/no-ambient.
  if (specifier.startsWith("node:")) return undefined;
  if (["tasks", "tests", "std"].includes(from) || mayUsePackage(path, specifier)) return undefined;
  if (from === "examples" && specifier.startsWith("@troupe/actors")) return undefined;
  return `${path} may not import ${specifier}: packages are for tasks and tests only`;
}

function directoryOf(path: string): string {
  return path.split("/").slice(0, 2).join("/");
}

function roomOf(path: string): string {
  const [first = "", second = "", third] = path.split("/");
  if (first !== "actors") return first;
  return third !== undefined && TOOLKIT.includes(second) ? second : "service";
}
