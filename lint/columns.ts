/**
 * Lines end at column 110. `deno fmt` sees to it in code; it leaves comments and strings as they are.
 *
 * @module
 */
import { inRepository } from "./_rooms.ts";

const MAX_COLUMNS = 110;

/** The rule `troupe/columns`. A line whose length is that of one string or pattern is left alone. */
export const columns: Deno.lint.Rule = {
  create(context) {
    const path = inRepository(context.filename);
    if (path === null) return {};
    return {
      "Program:exit"() {
        let start = 0;
        for (const line of context.sourceCode.text.split("\n")) {
          const length = [...line].length;
          if (length > MAX_COLUMNS && isProse(line)) {
            context.report({
              range: [start, start + line.length],
              message: `${length} columns: a line of a comment has at most ${MAX_COLUMNS}`,
            });
          }
          start += line.length + 1;
        }
      },
    };
  },
};

/** Whether a line is a comment of words, not one long address or code with a long string. */
function isProse(line: string): boolean {
  const text = /^\s*(?:\/\/|\/\*\*?|\*)\s(.*)$/.exec(line)?.[1];
  return text !== undefined && !/^\S+$/.test(text);
}
