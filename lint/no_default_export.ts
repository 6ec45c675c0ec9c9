/**
 * Nothing is exported by default: a thing has one name, the same wherever it is used.
 *
 * @module
 */
import { inRepository } from "./_rooms.ts";

/** The rule `troupe/no-default-export`. Deno itself demands a default export of a lint plugin. */
export const noDefaultExport: Deno.lint.Rule = {
  create(context) {
    if (inRepository(context.filename) === "lint/plugin.ts") return {};
    const message = "Nothing is exported by default: export it by name";
    return {
      ExportDefaultDeclaration: (node) => context.report({ node, message }),
      ExportSpecifier(node) {
        const { exported } = node;
        if (exported.type === "Identifier" && exported.name === "default") context.report({ node, message });
      },
    };
  },
};
