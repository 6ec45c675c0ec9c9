/**
 * Every line of the log names its event: a stable word by which programs find it, whatever its text says.
 *
 * @module
 */
import { inRepository } from "./_rooms.ts";

const METHODS: ReadonlySet<string> = new Set(["debug", "info", "warn", "error", "plain"]);

/** The rule `troupe/log-event`, for `log.warn(text, { event: "…", … })` under `actors/`. */
export const logEvent: Deno.lint.Rule = {
  create(context) {
    const path = inRepository(context.filename);
    if (path === null || !path.startsWith("actors/")) return {};
    return {
      CallExpression(node) {
        const { callee } = node;
        if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier") return;
        if (!METHODS.has(callee.property.name) || !isLog(callee.object)) return;
        const [, fields] = node.arguments;
        if (fields !== undefined && namesEvent(fields)) return;
        context.report({
          node,
          message: 'a line of the log names its event: log.info(text, { event: "listening" })',
        });
      },
    };
  },
};

/** Whether it is called a log: `log`, `self.log`, `this.#log`. */
function isLog(node: Deno.lint.Expression | Deno.lint.Super): boolean {
  if (node.type === "Identifier") return node.name === "log";
  if (node.type !== "MemberExpression") return false;
  const { property } = node;
  return (property.type === "Identifier" || property.type === "PrivateIdentifier") && property.name === "log";
}

/** Whether fields have an event, as far as can be seen: what is not written out there may have one. */
function namesEvent(fields: Deno.lint.Node): boolean {
  if (fields.type !== "ObjectExpression") return true;
  return fields.properties.some((property) =>
    property.type === "SpreadElement" ||
    property.key.type === "Identifier" && property.key.name === "event"
  );
}
