/**
 * Completion for shells and a man page, written from the tables of flags. Pure.
 *
 * @module
 */
import { type FlagRow, flagRows } from "./_command_line.ts";
import type { Flags, Task } from "./_cli.ts";

/** The shells there is completion for. */
export type Shell = "bash" | "zsh" | "fish";

type Tasks = readonly Task<Flags>[];

/** Every task of `deno.json`, with a table of flags or without. */
type Described = Readonly<Record<string, { readonly description: string }>>;

/** The script that a shell reads to complete `deno task NAME`, and the compiled programs. */
export function completion(shell: Shell, tasks: Tasks, described: Described): string {
  return { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }[shell](tasks, described);
}

/** The commands that one task's completion is for: those that are compiled have a program as well. */
function commandsOf(task: Task<Flags>): string[] {
  return isProgram(task) ? [task.name, programOf(task)] : [task.name];
}

/** The compiled programs: those of servers and clients, `start` and `peer`. */
function programs(tasks: Tasks): string[] {
  return tasks.filter(isProgram).map(programOf);
}

function isProgram({ name }: Task<Flags>): boolean {
  return /:(server|client)$/.test(name) || name === "start" || name === "peer";
}

/** The words that may be given beside flags. */
function wordsOf({ positionals }: Task<Flags>, tasks: Tasks): readonly string[] {
  return positionals?.usage.includes("TASK")
    ? tasks.filter(isProgram).map(({ name }) => name)
    : positionals?.words ?? [];
}

/** What a compiled program is called. */
function programOf({ name }: Task<Flags>): string {
  return name.replace(":", "-");
}

/** The words that a flag takes, if it takes one of a few. */
function choicesOf({ value = "" }: FlagRow): string[] {
  return value.includes("|") ? value.split("|") : [];
}

function isFile({ value = "" }: FlagRow): boolean {
  return ["FILE", "DIR", "FOLDER", "PATH"].includes(value);
}

function bashCompletion(tasks: Tasks, described: Described): string {
  const flagCases = tasks.map((task) => {
    const flags = flagRows(task).map(({ name }) => `--${name}`).join(" ");
    return `    ${commandsOf(task).join("|")}) flags="${flags}" words="${wordsOf(task, tasks).join(" ")}" ;;`;
  });
  const choices = new Map(
    tasks.flatMap(flagRows).filter((row) => choicesOf(row).length > 0)
      .map((row) => [row.name, choicesOf(row).join(" ")]),
  );
  return `# bash completion for Troupe: source it, or put it into ~/.local/share/bash-completion/completions/
_troupe() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} name=\${COMP_WORDS[0]##*/}
  local flags="" words=""
  # Bash takes chat:server for three words.
  local line=\${COMP_LINE:0:COMP_POINT}
  if [[ $name == deno ]]; then
    if ! [[ $line =~ ^[^[:space:]]*deno[[:space:]]+task[[:space:]]+([^[:space:]]*)(.*)$ ]]; then
      # Deno's own, where they are loaded.
      if declare -F _deno > /dev/null; then _deno "$@"; fi
      return
    fi
    name=\${BASH_REMATCH[1]}
    if [[ -z \${BASH_REMATCH[2]} ]]; then
      local names="${Object.keys(described).join(" ")}"
      COMPREPLY=($(compgen -W "$names" -- "$name"))
      [[ $name == *:* ]] && COMPREPLY=("\${COMPREPLY[@]#"\${name%"\${name##*:}"}"}")
      return
    fi
  fi
  case $name in
${flagCases.join("\n")}
    *) return ;;
  esac
  # And --flag=word for three.
  if [[ $current == "=" ]]; then
    current=""
  elif [[ $before == "=" ]]; then
    before=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  case $before in
${
    [...choices].map(([name, words]) =>
      `    --${name}) COMPREPLY=($(compgen -W "${words}" -- "$current")); return ;;`
    ).join("\n")
  }
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  elif [[ -n $words && $before != --* ]]; then
    local at=\${line##*[[:space:]]}
    COMPREPLY=($(compgen -W "$words" -- "$at"))
    [[ $at == *:* ]] && COMPREPLY=("\${COMPREPLY[@]#"\${at%"\${at##*:}"}"}")
  fi
}
complete -o default -F _troupe deno ${programs(tasks).join(" ")}
`;
}

/** A text inside of single quotes. */
function quoted(text: string): string {
  return text.replaceAll("'", `'\\''`);
}

function zshCompletion(tasks: Tasks, described: Described): string {
  const escaped = (text: string) => quoted(text.replace(/[[\]:\\]/g, "\\$&"));
  const spec = (row: FlagRow) => {
    const words = choicesOf(row);
    const takes = row.value === undefined
      ? ""
      : `:${escaped(row.value)}:${words.length > 0 ? `(${words.join(" ")})` : isFile(row) ? "_files" : ""}`;
    return `'--${row.name}${row.value === undefined ? "" : "="}[${escaped(row.help)}]${takes}'`;
  };
  const cases = tasks.map((task) => {
    const words = wordsOf(task, tasks);
    const beside = words.length > 0
      ? `(${words.map((word) => word.replace(":", "\\:")).join(" ")})`
      : "_files";
    const specs = flagRows(task).map(spec).join(" ");
    return `    ${commandsOf(task).join("|")}) _arguments ${specs} '*:argument:${beside}' ;;`;
  });
  return `#compdef deno ${programs(tasks).join(" ")}
# zsh completion for Troupe: put it as _troupe into a folder of $fpath
_troupe() {
  local name=\${words[1]:t}
  if [[ $name == deno ]]; then
    if [[ $words[2] != task ]]; then
      # Deno's own, where they are loaded.
      (( $+functions[_deno] )) && _deno "$@" || _files
      return
    fi
    if (( CURRENT == 3 )); then
      local -a names=(${
    Object.entries(described).map(([name, { description }]) => `'${escaped(name)}:${escaped(description)}'`)
      .join(" ")
  })
      _describe 'task' names
      return
    fi
    name=$words[3]
    shift 2 words
    (( CURRENT -= 2 ))
  fi
  case $name in
${cases.join("\n")}
  esac
}
compdef _troupe deno ${programs(tasks).join(" ")}
`;
}

function fishCompletion(tasks: Tasks, described: Described): string {
  const inTask = "__fish_seen_subcommand_from task";
  const noName = "test (count (commandline -opc)) -eq 2";
  const lines = [
    "# fish completion for Troupe: put it into ~/.config/fish/completions/deno.fish; for compiled programs, source",
    "# it in ~/.config/fish/config.fish. Deno's own come first, which take away what is there. After the name of a",
    "# task, all flags are the task's.",
    "type -q deno; and deno completions fish 2> /dev/null |",
    `  string replace -r "'__fish_seen_subcommand_from (\\S+)'" "'contains -- \\$1 (commandline -opc)[2]'" |`,
    `  string replace "'contains -- task (commandline -opc)[2]'" "'${inTask}; and ${noName}'" |`,
    "  source",
  ];
  for (const [name, { description }] of Object.entries(described)) {
    lines.push(
      `complete -c deno -f -n '${inTask}; and ${noName}' -a '${name}' -d '${quoted(description)}'`,
    );
  }
  for (const task of tasks) {
    const program = isProgram(task) ? programOf(task) : undefined;
    const inThis = `-n '${inTask}; and contains -- ${task.name} (commandline -opc)'`;
    const words = wordsOf(task, tasks);
    if (words.length > 0) {
      const offer = `${task.positionals?.usage.includes("FILE") ? "" : "-f "}-a '${words.join(" ")}'`;
      lines.push(`complete -c deno ${inThis} ${offer}`);
      if (program !== undefined) lines.push(`complete -c ${program} ${offer}`);
    }
    for (const row of flagRows(task)) {
      const words = choicesOf(row);
      const takes = row.value === undefined ? "" : words.length > 0 ? ` -x -a '${words.join(" ")}'` : " -r";
      const flag = `-l ${row.name}${takes} -d '${quoted(row.help)}'`;
      lines.push(`complete -c deno ${inThis} ${flag}`);
      if (program !== undefined) lines.push(`complete -c ${program} ${flag}`);
    }
  }
  return lines.join("\n") + "\n";
}

/** The man page of all tasks, in the macros of man(7). */
export function manPage(tasks: Tasks, version: string): string {
  const text = (line: string) =>
    line.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^[.']/, "\\&$&");
  const lines = [
    `.TH TROUPE 1 "" "Troupe ${version}" "User Commands"`,
    ".SH NAME",
    "troupe \\- actors on the wire: network services and their clients",
    ".SH SYNOPSIS",
    ".B deno task",
    ".I NAME",
    "[",
    ".I flags",
    "]",
    ".SH DESCRIPTION",
    text(
      "Each task takes the flags below; a compiled program (chat-server) takes those of its task (chat:server).",
    ),
    text("A flag beats an environment variable (in brackets), which beats a line of .env."),
  ];
  for (const task of tasks) {
    const usage = task.positionals === undefined ? "" : ` ${task.positionals.usage}`;
    lines.push(`.SH "${text(task.name.toUpperCase() + usage)}"`, text(task.summary), ".");
    if (task.positionals) lines.push(".PP", text(task.positionals.help));
    for (const { name, value, help, details } of flagRows(task)) {
      lines.push(
        ".TP",
        `\\fB${text(`--${name}`)}\\fR${value === undefined ? "" : ` \\fI${text(value)}\\fR`}`,
      );
      lines.push(text(help + details));
    }
  }
  lines.push(".SH EXIT STATUS");
  for (const [code, meaning] of EXIT_STATUS) lines.push(".TP", `.B ${code}`, text(meaning));
  lines.push(
    ".SH FILES",
    ".TP",
    text(".env"),
    text("Settings, a line KEY=value each; --config names another file."),
  );
  return lines.join("\n") + "\n";
}

/** What programs end with. */
const EXIT_STATUS: readonly (readonly [number, string])[] = [
  [0, "Done; a server that was told to stop has stopped."],
  [1, "Failed at run time: one line on stderr says why."],
  [2, "Called wrongly, or .env could not be taken as it was meant: nothing was started."],
  [129, "Ended by SIGHUP: the terminal has gone (a client)."],
  [130, "Ended by SIGINT, Ctrl-C (a client), or by a second one (a server)."],
  [131, "Ended by SIGQUIT (a client)."],
  [141, "Nobody reads the output any more (a client in a pipe)."],
  [143, "Ended by SIGTERM (a client), or by a second signal (a server)."],
];
