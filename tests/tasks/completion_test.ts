import { assert, assertEquals, assertMatch } from "@std/assert";
import { flagRows } from "../../tasks/_command_line.ts";
import { commandLines } from "../../tasks/_command_lines.ts";
import { completion, manPage } from "../../tasks/_completion.ts";
import { available, startProcess, tempDirectory } from "../_helpers.ts";

const tasks = await commandLines();

/** What bash offers for a line, each tried in a shell of its own. */
const BASH = `
source "$1"; shift
for line in "$@"; do
  COMP_LINE=$line COMP_POINT=\${#line} COMP_WORDS=($line) COMPREPLY=()
  [[ $line == *" " ]] && COMP_WORDS+=("")
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
  _troupe
  echo "\${COMPREPLY[*]}"
done
`;

Deno.test({
  name: "completion: bash offers tasks, their flags, and the words that a flag takes",
  ignore: !await available("bash", "--version"),
  async fn() {
    await using directory = await tempDirectory();
    await Deno.writeTextFile(directory.file("deno"), completion("bash", tasks));
    const lines = [
      "deno task chat:",
      "deno task editor:server --sy",
      "deno task editor:server --sync ",
      "chat-server --hist",
    ];
    const { stdout, stderr } = await startProcess("bash", [
      "-c",
      BASH,
      "bash",
      directory.file("deno"),
      ...lines,
    ])
      .ended();
    assertEquals([stderr, stdout.trimEnd().split("\n")], [
      "",
      ["client server", "--sync", "always interval never", "--history"],
    ]);
  },
});

for (const shell of ["zsh", "fish"] as const) {
  Deno.test({
    name: `completion: ${shell} takes what is printed for it`,
    ignore: !await available(shell, "--version"),
    async fn() {
      await using directory = await tempDirectory();
      await Deno.writeTextFile(directory.file("script"), completion(shell, tasks));
      const { code, stderr } = await startProcess(shell, ["-n", directory.file("script")]).ended();
      assertEquals([code, stderr], [0, ""]);
    },
  });
}

Deno.test("man page: every task and every flag is in it, and no line is taken for a macro by mistake", () => {
  const page = manPage(tasks, "0.1.0");
  for (const task of tasks) {
    assert(page.includes(`.SH "${task.name.toUpperCase()}`), task.name);
    for (const { name } of flagRows(task)) {
      assert(page.includes(`\\fB\\-\\-${name.replaceAll("-", "\\-")}\\fR`), name);
    }
  }
  for (const line of page.split("\n")) {
    if (line.startsWith(".")) assertMatch(line, /^\.(TH|SH|B|I|TP|PP)( |$)|^\.$/, line);
  }
});
