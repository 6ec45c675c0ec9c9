import { assert, assertEquals, assertMatch } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { flagRows } from "../../tasks/_command_line.ts";
import { commandLines } from "../../tasks/_command_lines.ts";
import { completion, manPage } from "../../tasks/_completion.ts";
import { available, root, startProcess, tempDirectory } from "../_helpers.ts";
import { Screen } from "./_screen.ts";

const tasks = await commandLines();

/** What bash offers for a line, each tried in a shell of its own. */
const BASH = `
source "$1"; shift
for line in "$@"; do
  COMP_LINE=$line COMP_POINT=\${#line} COMP_WORDS=($(sed 's/[=:]/ & /g' <<< "$line")) COMPREPLY=()
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
    await Deno.writeTextFile(directory.file("deno"), completion("bash", tasks, config.tasks));
    const lines = [
      "deno task chat:",
      "deno task editor:server --sy",
      "deno task editor:server --sync ",
      "deno task editor:server --sync=al",
      "deno task cove",
      "deno task bench --qu",
      "deno task compile chat:",
      "deno task peer 1 sh",
      "deno task completion ",
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
      [
        ...[
          "server client",
          "--sync",
          "always interval never",
          "always",
          "coverage coverage:report",
          "--quick",
        ],
        ...["client server", "share", "bash zsh fish man", "--history"],
      ],
    ]);
  },
});

for (const shell of ["zsh", "fish"] as const) {
  Deno.test({
    name: `completion: ${shell} takes what is printed for it`,
    ignore: !await available(shell, "--version"),
    async fn() {
      await using directory = await tempDirectory();
      await Deno.writeTextFile(directory.file("script"), completion(shell, tasks, config.tasks));
      const { code, stderr } = await startProcess(shell, ["-n", directory.file("script")]).ended();
      assertEquals([code, stderr], [0, ""]);
    },
  });
}

Deno.test({
  name: "completion: fish offers tasks, their flags, and the words that a flag or a task takes",
  ignore: !await available("fish", "--version"),
  async fn() {
    await using directory = await tempDirectory();
    await Deno.mkdir(directory.file("fish/completions"), { recursive: true });
    // Deno's own are another's matter.
    const script = completion("fish", tasks, config.tasks).replace("type -q deno", "false");
    await Deno.writeTextFile(directory.file("fish/completions/deno.fish"), script);
    const lines = [
      ...["deno task chat:", "deno task cove", "deno task bench --qu", "deno task editor:server --sync "],
      ...["deno task compile chat:", "deno task completion "],
    ];
    const ask = `for line in $argv; echo (complete -C $line | string split -f 1 \\t); end`;
    const env = { XDG_CONFIG_HOME: directory.path };
    const { stdout, stderr } = await startProcess("fish", ["-c", ask, ...lines], { env }).ended();
    assertEquals([stderr, stdout.trimEnd().split("\n")], [
      "",
      [
        ...["chat:client chat:server", "coverage coverage:report", "--quick", "always interval never"],
        ...["chat:client chat:server", "bash fish man zsh"],
      ],
    ]);
  },
});

Deno.test({
  name: "completion: zsh offers tasks, their flags, and the words that a flag or a task takes",
  ignore: !await available("zsh", "--version") || !await available("tmux", "-V"),
  async fn() {
    await using directory = await tempDirectory();
    await Deno.writeTextFile(directory.file("script"), completion("zsh", tasks, config.tasks));
    await using screen = await Screen.open(directory);
    await screen.run("PS1='%# ' exec zsh -f -i");
    await screen.run(
      `autoload -U compinit; compinit -u -D; source '${directory.file("script")}'; echo rea''dy`,
    );
    await screen.shows(/^ready$/m);
    for (
      const [line, offered] of [
        ["deno task chat:", /chat:client .*\n.*chat:server /],
        ["deno task bench --qu", /--quick/],
        ["deno task editor:server --sync ", /always +interval +never/],
        ["deno task editor:server --sync=", /always +interval +never/],
        ["deno task compile chat:", /chat:client +chat:server/],
        ["deno task completion ", /bash +fish +man +zsh/],
      ] as const
    ) {
      await screen.press("C-u", "C-l");
      await screen.type(line);
      await screen.press("Tab", "Tab");
      await screen.shows(offered);
    }
  },
});

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

Deno.test("tools: each says with --help what it takes, and what is unknown is exit 2, before anything is done", async () => {
  for (const name of ["bench", "torture", "siege", "kills", "mutate", "gen", "completion"] as const) {
    const [script = ""] = /\S+\.ts/.exec(config.tasks[name].command) ?? [];
    const run = (...args: readonly string[]) =>
      startProcess(Deno.execPath(), ["run", "-q", "--no-prompt", `${root}${script}`, ...args]).ended();
    const [help, unknown] = await Promise.all([run("--help"), run("--nonsense")]);
    assertEquals([help.code, help.stderr], [0, ""], name);
    assertMatch(help.stdout, new RegExp(`^Usage: deno task ${name} `, "m"));
    assertEquals([unknown.code, unknown.stderr], [
      2,
      `${name}: Unknown flag --nonsense\nTry: deno task ${name} --help\n`,
    ]);
  }
});
