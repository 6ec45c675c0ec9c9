/**
 * Nothing under `actors/` or `protocols/` reaches time, chance, I/O or the console but through its `World`.
 *
 * That one rule is what makes the simulated world possible.
 *
 * @module
 */
import { inRepository, isEngine, isPureNode, isRealLoop, isRealWorld } from "./_rooms.ts";

/** Globals that may not be used at all. */
const GLOBALS = new Set([
  ...[
    "Deno",
    "process",
    "console",
    "performance",
    "navigator",
    "localStorage",
    "sessionStorage",
    "caches",
    "Temporal",
    "Intl",
  ],
  ...["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval", "clearImmediate"],
  ...["fetch", "WebSocket", "EventSource", "Worker", "BroadcastChannel", "MessageChannel"],
  ...["alert", "confirm", "prompt"],
]);

/** Members of globals that may not be used; the rest of these globals is pure. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  AbortSignal: ["timeout"],
  Atomics: ["wait", "waitAsync"],
  Date: ["now"],
  Math: ["random"],
  crypto: ["getRandomValues", "randomUUID"],
};

/** Methods that read the time zone or the language of the machine, whatever object they are called on. */
const LOCAL_METHODS = new Set([
  ...["getFullYear", "getMonth", "getDate", "getDay", "getHours", "getMinutes", "getSeconds", "getYear"],
  ...["setFullYear", "setMonth", "setDate", "setHours", "setMinutes", "setSeconds", "getTimezoneOffset"],
  ...["toDateString", "toTimeString", "toLocaleString", "toLocaleDateString", "toLocaleTimeString"],
  ...["localeCompare", "toLocaleUpperCase", "toLocaleLowerCase"],
]);

const GLOBAL_OBJECTS = ["globalThis", "window", "self"];

/** The rule `troupe/no-ambient`. */
export const noAmbient: Deno.lint.Rule = {
  create(context) {
    const path = inRepository(context.filename);
    if (path === null || !/^(actors|protocols)\//.test(path) || isRealWorld(path)) return {};

    const declared = new Set<string>();
    const uses: { node: Deno.lint.Node; name: string; global: string }[] = [];
    const use = (node: Deno.lint.Node, name: string, global: string) => uses.push({ node, name, global });

    const checkModule = (node: Deno.lint.Node, from: unknown) => {
      if (typeof from !== "string" || !from.startsWith("node:")) return;
      if (isRealLoop(path) || isPureNode(path) || isEngine(path)) return;
      context.report({ node, message: `${from} is I/O: use the World`, hint: HINT });
    };

    return {
      Identifier(node) {
        if (isDeclaration(node)) declared.add(node.name);
        else if (GLOBALS.has(node.name) && isReference(node)) use(node, node.name, node.name);
      },
      MemberExpression(node) {
        const name = propertyName(node);
        if (name !== undefined && LOCAL_METHODS.has(name)) {
          context.report({ node, message: `${name} is ambient: use the World`, hint: LOCAL_HINT });
        }
        if (name === undefined || node.object.type !== "Identifier") return;
        const object = node.object.name;
        if (GLOBAL_OBJECTS.includes(object) && (GLOBALS.has(name) || name in MEMBERS)) {
          use(node, `${object}.${name}`, object);
        } else if (MEMBERS[object]?.includes(name)) use(node, `${object}.${name}`, object);
      },
      NewExpression(node) {
        if (node.callee.type !== "Identifier" || node.callee.name !== "Date") return;
        if (node.arguments.length === 0) use(node, "new Date()", "Date");
        if (node.arguments.length > 1) use(node, "new Date(year, month)", "Date");
      },
      CallExpression(node) {
        if (node.callee.type === "Identifier" && node.callee.name === "Date") use(node, "Date()", "Date");
      },
      VariableDeclarator(node) {
        if (node.id.type !== "ObjectPattern" || node.init?.type !== "Identifier") return;
        const object = node.init.name;
        for (const property of node.id.properties) {
          if (property.type !== "Property" || property.key.type !== "Identifier") continue;
          const { name } = property.key;
          const isOfGlobal = GLOBAL_OBJECTS.includes(object) && (GLOBALS.has(name) || name in MEMBERS);
          if (isOfGlobal || MEMBERS[object]?.includes(name)) use(property, `${object}.${name}`, object);
        }
      },
      ImportDeclaration: (node) => checkModule(node, node.source.value),
      ExportNamedDeclaration: (node) => checkModule(node, node.source?.value),
      ExportAllDeclaration: (node) => checkModule(node, node.source.value),
      ImportExpression(node) {
        context.report({ node, message: "A dynamic import is I/O", hint: "Import it statically." });
      },
      "Program:exit"() {
        for (const { node, name, global } of uses) {
          if (declared.has(global)) continue;
          context.report({ node, message: `${name} is ambient: use the World`, hint: HINT });
        }
      },
    };
  },
};

const LOCAL_HINT = "Local time is `clock.utcOffsetMinutes()`; UTC methods are pure.";
const HINT = "Time, chance, I/O and the log come from `self.world` (actors/world/world.ts) and nowhere else.";

/** The name of a member, also when it is written `object["name"]`. */
function propertyName(node: Deno.lint.MemberExpression): string | undefined {
  if (!node.computed && node.property.type === "Identifier") return node.property.name;
  if (node.property.type === "Literal" && typeof node.property.value === "string") return node.property.value;
  return undefined;
}

/** Whether an identifier makes a name of this file's own, which then is no global. */
function isDeclaration(node: Deno.lint.Identifier): boolean {
  const parent = node.parent;
  switch (parent.type) {
    case "VariableDeclarator":
      return parent.id === node;
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return parent.type !== "ArrowFunctionExpression" && parent.id === node ||
        parent.params.some((param) => param === node);
    case "ClassDeclaration":
      return parent.id === node;
    case "ImportSpecifier":
    case "ImportDefaultSpecifier":
    case "ImportNamespaceSpecifier":
      return parent.local === node;
    default:
      return false;
  }
}

/** Whether an identifier stands for a value or namespace, and is not just the name of a property. */
function isReference(node: Deno.lint.Identifier): boolean {
  const parent = node.parent;
  switch (parent.type) {
    case "MemberExpression":
      return parent.object === node || parent.computed;
    case "Property":
      return parent.value === node || parent.computed;
    case "PropertyDefinition":
      return parent.value === node || parent.computed;
    case "TSQualifiedName":
      return parent.left === node;
    case "MethodDefinition":
    case "TSPropertySignature":
    case "TSMethodSignature":
    case "TSAbstractMethodDefinition":
    case "TSAbstractPropertyDefinition":
    case "ImportSpecifier":
    case "ExportSpecifier":
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
    case "TSTypeQuery":
    case "TSEnumMember":
      return false;
    default:
      return true;
  }
}
