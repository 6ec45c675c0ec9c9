/**
 * A file is a concept, and a class has one job: both stay small enough to be read at once.
 *
 * A new exception needs a reason, beside it below.
 *
 * @module
 */
import { inRepository } from "./_rooms.ts";

/** The most lines of a file. */
export const MAX_LINES = 400;
const MAX_FIELDS = 25;

/** Classes of more fields, and why. */
const MORE_FIELDS: Readonly<Record<string, number>> = {
  // The ring, the cap and the clock's stride of one loop, which reads them in each turn: a second object
  // would cost a load a message.
  "actors/runtime/scheduler.ts": 30,
};

/** The rule `troupe/size`. */
export const size: Deno.lint.Rule = {
  create(context) {
    const path = inRepository(context.filename);
    if (path === null) return {};
    return {
      Program(node) {
        const lines = context.sourceCode.text.trimEnd().split("\n").length;
        if (lines <= MAX_LINES) return;
        context.report({
          node,
          message: `${lines} lines: a file has at most ${MAX_LINES}`,
          hint: "Split it by concept.",
        });
      },
      ClassBody(node) {
        const fields = node.body.filter(({ type }) =>
          type === "PropertyDefinition" || type === "AccessorProperty"
        );
        const maxFields = MORE_FIELDS[path] ?? MAX_FIELDS;
        if (fields.length <= maxFields) return;
        context.report({
          node: node.parent,
          message: `${fields.length} fields: a class has at most ${maxFields}`,
          hint: "Move the fields of one job to a class of their own.",
        });
      },
    };
  },
};
