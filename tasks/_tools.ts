/**
 * The tasks that are no service's, and the rights of those that have a set of their own. `deno task gen`
 * writes them into
 * `deno.json`, beside what the services' manifests say.
 *
 * @module
 */
import { RUNNER_VARIABLE } from "./_suspend.ts";
import { YJS_ENVIRONMENT } from "./services/editor.ts";

/** One task of `deno.json`. */
export interface ToolTask {
  readonly description: string;
  readonly command: string;
  /** Tasks that are run before it. */
  readonly dependencies?: readonly string[];
  /** What its output depends on: unchanged, and it is not run again. */
  readonly files?: readonly string[];
  readonly output?: readonly string[];
}

/** Tasks of programs that have a page at their web door. */
export const WITH_PAGES: readonly string[] = ["chat:server", "editor:server", "start"];

/** Runs this very Deno, whatever its path. */
const DENO = "$(deno eval 'console.log(Deno.execPath())')";

/** What every task may read: the names of the common flags, and whether `deno task` runs it. */
const LOG_ENV = `LOG_LEVEL,LOG_FORMAT,LOG_TIME,NO_COLOR,TERM,${RUNNER_VARIABLE}`;

/** Programs that tests talk to. */
const TEST_PROGRAMS = [
  ...["/usr/bin/python3", "aria2c", "date", "ip", "ln", "mkfifo", "nc", "openssl", "python3", "setpriv"],
  ...["/usr/bin/chromium", "bash", "curl", "fish", "sed", "tmux", "vim", "zsh"],
  ...[
    "promtool",
    "transmission-cli",
    "ii",
    "weechat-headless",
    "nats-server",
    "node",
    "npx",
    "cp",
    "sslscan",
  ],
].join(",");

/** A server of NATS, wherever it is, and what gets one. */
const NATS_PROGRAMS = [
  "nats-server",
  ".ci/nats-server",
  ".tmp/nats/usr/sbin/nats-server",
  ".tmp/nats/usr/bin/nats-server",
].join(",");

/** What benchmarks are measured with, and beside. */
const BENCH_PROGRAMS = [
  ...["aria2c", "nats-server", "/usr/bin/python3", "node", "erl", "erlc", "redis-server", "taskset"],
].join(",");

/** Tasks by name, in the order of `deno task`. `docs` are the modules whose documentation is checked. */
export function toolTasks(docs: readonly string[]): Readonly<Record<string, ToolTask>> {
  return {
    "demo": {
      description:
        "A bug that is a number, every service with real clients, a kill -9: printed, and over (--slow)",
      command: `deno run -q -P=demo --allow-run=${DENO} tasks/demo.ts`,
      dependencies: ["pages"],
    },
    "cluster:demo": {
      description: "Three chat servers on three of NATS, one of each killed: printed, and over (--slow)",
      command: `deno run -q -P=demo --allow-run=${DENO},${NATS_PROGRAMS} tasks/cluster_demo.ts`,
    },
    "pages": {
      description: "The pages that browsers get, in dist/pages/ (only when their sources have changed)",
      command:
        `deno run -q --allow-run=${DENO} --allow-read --allow-write=dist/pages --allow-env=PAGES_*,${LOG_ENV} tasks/pages.ts`,
      files: [
        "pages/**",
        "protocols/**",
        "actors/editor/text_diff.ts",
        "tasks/pages.ts",
        "tasks/_page_files.ts",
        "deno.lock",
      ],
      output: ["dist/pages/**"],
    },
    "package": {
      description: "What other projects install: an npm tarball, and a directory for Deno, in dist/",
      command:
        `deno run -q --allow-run=${DENO},tar --allow-read=. --allow-write=dist --allow-env=PACKAGE_*,${LOG_ENV} tasks/package.ts`,
      dependencies: ["pages"],
    },
    "compile": {
      description: "One program a server or client, with exactly its rights, in dist/ (--target, TASK…)",
      command:
        `deno run -q --allow-run=${DENO} --allow-read=.env --allow-env=COMPILE_OUT,COMPILE_TARGET,${LOG_ENV} tasks/compile.ts`,
      dependencies: ["pages"],
    },
    "top": {
      description: "The busiest actors of a server that was started with --inspect (--sort, --token)",
      command: `deno run -q -P=client --allow-env=TOP_*,${LOG_ENV} tasks/top.ts`,
    },
    "completion": {
      description: "Completion for bash, zsh or fish, or the man page, from the tables of flags",
      command: `deno run -q --allow-read=.env --allow-env=COMPLETION_*,${LOG_ENV} tasks/completion.ts`,
    },
    "gen": {
      description:
        "Write what follows from the services' manifests: deno.json, entry points, README's tables",
      command: "deno run -q --allow-read=. --allow-write=deno.json,README.md,tasks tasks/gen.ts",
    },
    "check": {
      description: "Format, lint, types, documentation and package: everything but running it",
      command: [
        "deno fmt -q --check",
        "deno lint -q",
        `deno run -q --allow-read=. --allow-write=.tmp --allow-run=${DENO} lint/tree.ts`,
        "deno check -q --frozen .",
        "deno run -q --allow-read=. tasks/gen.ts --check",
        `deno doc -q --lint ${docs.join(" ")}`,
        `deno doc -q --json ${docs.join(" ")} | deno run -q lint/examples.ts`,
        "deno publish -q --dry-run --allow-dirty",
      ].join(" && "),
    },
    "test": {
      description: "All tests with the rights they need and no more, the examples of the documentation too",
      command: `deno test -P=test --allow-run=${DENO},${TEST_PROGRAMS} --doc --parallel`,
      dependencies: ["pages"],
    },
    "coverage": {
      description: "The tests again, then how much of the toolkit and the services they ran through",
      command:
        "deno task test --coverage=coverage --clean --coverage-raw-data-only && deno task coverage:report",
    },
    "coverage:report": {
      description: "What the last run of the tests for coverage ran through, again",
      // Killed processes leave empty files; the package that the tests build has copies of everything.
      command: [
        "find coverage -size 0 -delete",
        "deno coverage coverage --include=/actors/ --include=/protocols/ --exclude=/dist/ --exclude=/[.]tmp/",
      ].join(" && "),
    },
    "bench": {
      description: "Speed beside the floor and beside others (--only NAME, --quick, --json, --report)",
      command: `deno run -q -P=bench --allow-run=${DENO},${BENCH_PROGRAMS} ` +
        "--allow-sys=cpus,loadavg,systemMemoryInfo,osRelease tests/bench/main.ts",
    },
    "bench:report": {
      description: "Make docs/benchmarks.md, README's figures and a page with plots, from runs with --json",
      command:
        "deno run -q --allow-read=. --allow-write=README.md,docs,tests/bench,.tmp tests/bench/report/main.ts",
    },
    "simulate": {
      description: "Services under chaos in the simulated world (--seeds N, --only NAME, --seed N)",
      command:
        `deno run -q --allow-read=. --allow-net=127.0.0.1 --allow-env=SIMULATE_*,TROUPE_SEED,${YJS_ENVIRONMENT.join()},${LOG_ENV} tasks/simulate.ts`,
      dependencies: ["pages"],
    },
    "siege": {
      description: "A chat of three servers that are killed while 30 people talk, so often each (10)",
      command:
        `deno run -q --allow-net=127.0.0.1 --allow-read=. --allow-write=.tmp --allow-env=${LOG_ENV} --allow-run=${DENO},nats-server tests/cluster/siege/main.ts`,
    },
    "torture": {
      description:
        "A cluster of processes that are killed and frozen while clients work, for so many minutes",
      command:
        `deno run -q --allow-net=127.0.0.1 --allow-read=. --allow-write=.tmp --allow-env=${LOG_ENV} --allow-run=${DENO},nats-server tests/cluster/torture/main.ts`,
    },
    "kills": {
      description:
        "Kills each service that keeps something with kill -9, under load (ROUNDS, SECONDS A ROUND)",
      command:
        `deno run -q --allow-net=127.0.0.1 --allow-read=. --allow-write=.tmp --allow-env=${LOG_ENV} --allow-run=${DENO} tests/faults/kills.ts`,
    },
    "mutate": {
      description:
        "Plant realistic bugs one at a time in a copy, and say who finds them (--only ROOM, --check)",
      command:
        `deno run -q --allow-read=. --allow-write=./.tmp,./tests/mutants --allow-run=${DENO},git --allow-env=MUTATE_*,${LOG_ENV} tasks/mutate.ts`,
    },
  };
}
