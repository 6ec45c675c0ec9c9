import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { readDotEnv } from "../../tasks/_dot_env.ts";
import { UsageError } from "../../tasks/_flags.ts";
import { environmentOf } from "../../tasks/_cli.ts";
import { editor } from "../../tasks/services/editor.ts";
import { peer } from "../../tasks/services/peer.ts";
import { records } from "../../tasks/services/records.ts";
import { symlink } from "../store/_special_files.ts";
import { root, startTask, type TaskName, tempDirectory, TestClient } from "../_helpers.ts";

const KNOWN = {
  all: [
    "AUTH_TOKEN",
    "TLS_CERT",
    "TLS_KEY",
    "SERVER_PORT",
    "MAX_CONNECTION",
    "RECORDS_DRAIN_MS",
    "LOG_LEVEL",
  ],
  guarding: ["AUTH_TOKEN", "TLS_CERT", "TLS_KEY"],
  prefixes: ["RECORDS"],
};

const read = (text: string) => readDotEnv(text, KNOWN);

Deno.test(".env: a byte order mark, line ends of any system, quotes, export and comments are fine", () => {
  for (
    const text of [
      "\ufeffAUTH_TOKEN=s3cret\nSERVER_PORT=1\n",
      "AUTH_TOKEN=s3cret\r\nSERVER_PORT=1\r\n",
      "AUTH_TOKEN=s3cret\rSERVER_PORT=1\r",
      "# AUTH_TOKEN: old\nexport AUTH_TOKEN='s3cret'\n  SERVER_PORT = 1 # no AUTH_TOKEN: why\n",
      "AUTH_TOKEN=s3cret\nNOTE='two lines\nand a token of thanks: none'\nSERVER_PORT=1\n",
    ]
  ) {
    const { values, warnings } = read(text);
    assertEquals([values.get("AUTH_TOKEN"), values.get("SERVER_PORT"), warnings], ["s3cret", "1", []], text);
  }
});

Deno.test(".env: what could be meant to keep strangers out, and would not be taken so, starts nothing", () => {
  for (
    const line of [
      ...["AUTH_TOKEN: s3cret", "AUTH_TOKEN s3cret", "set AUTH_TOKEN=s3cret", "AUTH_TOKEN"],
      ...["AUTHTOKEN=s3cret", "AUTH_TOKN=s3cret", "auth_token=s3cret", "AUTH-TOKEN=s3cret", "TOKEN=s3cret"],
      ...["RECORDS_AUTH_TOKEN=s3cret", "AUTH_TOKEN\u200b=s3cret", "\u0410UTH_TOKEN=s3cret", "AUTH_TOKENS=x"],
      ...["AUTH_TOKEN=a\nAUTH_TOKEN=", "AUTH_TOKEN=s3cret#1", "AUTH_TOKEN\uff1ds3cret"],
      ...["TLS_CERT: cert.pem", "TLS_CERT_FILE=cert.pem", "TLSKEY=key.pem", "tls_key=key.pem"],
      // Within the value of another: by a quote that is not closed, or in its line.
      ...['SERVER_HOST="localhost\nAUTH_TOKEN=s3cret\nFILE_PATH="data"', "A='\nTLS_KEY=key.pem\nB='c'"],
      ...["FILE_PATH=data AUTH_TOKEN=s3cret", "FILE_PATH=data; AUTH_TOKEN: s3cret"],
      ...["FILE_PATH=data\u2028AUTH_TOKEN=s3cret", "FILE_PATH=data\u0085AUTH_TOKEN=s3cret"],
      "FILE_PATH=data\u000bAUTH_TOKEN=s3cret",
      // With a prefix in another way; far back in a line.
      ...["RECORDS.AUTH_TOKEN=x", "records.AUTH_TOKEN=x", "RECORDS__TLS_KEY=x", "my.AUTH_TOKEN=x"],
      ...["one two three four AUTH_TOKEN=x", "a b c d e f AUTH_TOKEN: x", "FILE_PATH=a RECORDS_AUTH_TOKEN=x"],
      // Of which only a part would be taken.
      ...['AUTH_TOKEN="abc"def', 'AUTH_TOKEN="a" b', "AUTH_TOKEN='a''b'", 'AUTH_TOKEN="a\\"b"'],
      ...['AUTH_TOKEN="a"#b', 'AUTH_TOKEN="a\nb" c'],
      // White space that is none to the parser: the name would be another one.
      ...["\u00a0AUTH_TOKEN=s3cret", "\ufeffAUTH_TOKEN=s3cret", "\u2003AUTH_TOKEN=s3cret"],
      ...["AUTH_TOKEN\u00a0=s3cret", "export\u00a0AUTH_TOKEN=s3cret", "\u000bTLS_KEY=key.pem"],
    ]
  ) {
    const { message } = assertThrows(() => read(`SERVER_PORT=1\n${line}\n`), UsageError);
    assertMatch(message, /^\.env, line [23]: .*nothing is started$/, line);
  }
  assertThrows(() => readDotEnv("\u0000A\u0000U\u0000T", KNOWN), UsageError, "not UTF-8");
});

Deno.test(".env: of a token that would be cut short it is said how much would be taken, and not what", () => {
  const { message } = assertThrows(() => read('AUTH_TOKEN="abc"def\n'), UsageError);
  assertMatch(
    message,
    /^\.env, line 1: of AUTH_TOKEN, .* would be taken: 3 characters\. .*nothing is started$/,
  );
  assertEquals(read("AUTH_TOKEN=\"a b\"  # 'why'\nhello # AUTH_TOKEN=x\n").values.get("AUTH_TOKEN"), "a b");
});

Deno.test(".env: each service's tokens, secrets and certificates are guarded, under `start` too", () => {
  const editorNames = {
    all: ["EDITOR_TOKEN", "EDITOR_READ_TOKEN", "PEER_SECRET_FILE", "EDITOR_FILE"],
    guarding: ["EDITOR_TOKEN", "EDITOR_READ_TOKEN", "PEER_SECRET_FILE"],
    prefixes: ["START", "EDITOR", "PEER"],
  };
  for (
    const line of [
      ...[
        "EDITOR_TOKEN: s3cret",
        "EDITOR_TOKN=s3cret",
        "editor_token=s3cret",
        "TOKEN=s3cret",
        "EDITOR-TOKEN=x",
      ],
      ...["EDITOR_READTOKEN=x", "READ_TOKEN=x", "PEER_SECRETFILE=x", "PEER_SECRET=x", "PEER_SECRET_FILE: x"],
    ]
  ) {
    const { message } = assertThrows(() => readDotEnv(`${line}\n`, editorNames), UsageError);
    assertMatch(message, /nothing is started$/, line);
  }
  // Names that other programs read are nobody's token.
  for (const line of ["EDITOR=vim", "PEER=x", "FILE=x", "GITHUB_TOKEN=x", "AUTH_TOKEN=x"]) {
    assertEquals(readDotEnv(`${line}\n`, editorNames).warnings, [], line);
  }
  assertEquals(environmentOf(editor.task, "guarding").sort(), [
    "EDITOR_INSPECT_TLS_CERT",
    "EDITOR_INSPECT_TLS_KEY",
    "EDITOR_INSPECT_TOKEN",
    "EDITOR_READ_TOKEN",
    "EDITOR_TLS_CERT",
    "EDITOR_TLS_KEY",
    "EDITOR_TOKEN",
  ]);
  assertEquals(environmentOf(peer.task, "guarding").sort(), [
    "PEER_INSPECT_TLS_CERT",
    "PEER_INSPECT_TLS_KEY",
    "PEER_INSPECT_TOKEN",
    "PEER_SECRET_FILE",
  ]);
});

Deno.test(".env: any other line that is no setting, and a name that is nearly one of ours, is a warning with its line", () => {
  const { values, warnings } = read(
    [
      ...["hello there", "SERVER_PROT=2", "MAX_CONNECTIONS=3", "SERVER_PORT=1", "SERVER_PORT=2", "a b=c"],
      ...["NAME='in", "two lines'", "LOG_LEVL=debug", "server-port=5"],
    ].join("\n"),
  );
  assertEquals(values.get("SERVER_PORT"), "2");
  assertEquals(warnings, [
    ".env, line 1: this is no setting, which would be KEY=value",
    '.env, line 2: there is no setting "SERVER_PROT". Is SERVER_PORT meant?',
    '.env, line 3: there is no setting "MAX_CONNECTIONS". Is MAX_CONNECTION meant?',
    ".env, line 5: SERVER_PORT is set in line 4 already",
    ".env, line 6: this is no setting, which would be KEY=value",
    '.env, line 9: there is no setting "LOG_LEVL". Is LOG_LEVEL meant?',
    '.env, line 10: there is no setting "server-port". Is SERVER_PORT meant?',
  ]);
});

Deno.test(".env: settings of other programs are none of ours", () => {
  const text = "CHAT_TLS_CERT=x\nKNOCK_PORT=1\nDATABASE_URL=y\nCALCULATOR_MAX_CLIENTS=2\nNODE_ENV=z\n";
  assertEquals(read(text).warnings, []);
});

Deno.test("records:server: a token behind a byte order mark is asked for, and one that is no setting starts nothing", async () => {
  await using directory = await tempDirectory();
  const args = ["--host", "127.0.0.1", "--port", "0"];
  await Deno.writeTextFile(directory.file(".env"), "\ufeffAUTH_TOKEN=s3cret\nMAX_CONNECTIONS=3\n");
  {
    await using server = startTask("records:server", args, { cwd: directory.path });
    assertStringIncludes(await server.line("[WARN] .env"), "Is MAX_CONNECTION meant?");
    using client = await TestClient.connect(await server.port(/ready to receive/));
    await client.send(`{"client_ID":"1","type":"read","data":""}\n`);
    assertStringIncludes(await client.line() ?? "", `"type":"error"`);
  }
  for (const line of ["AUTH_TOKEN: s3cret", "AUTH-TOKEN=s3cret"]) {
    await Deno.writeTextFile(directory.file(".env"), `${line}\n`);
    const { code, stdout, stderr } = await startTask("records:server", args, { cwd: directory.path }).ended();
    assertEquals([code, stdout], [2, ""]);
    assertMatch(stderr, /^records:server: \.env, line 1: .*AUTH_TOKEN.*nothing is started\nTry: /);
  }
});

/** Each secret of each program, and the program that reads it. */
const SECRETS: readonly (readonly [TaskName, string])[] = [
  ["records:server", "AUTH_TOKEN"],
  ["records:client", "AUTH_TOKEN"],
  ["records:server", "TLS_CERT"],
  ["editor:server", "EDITOR_TOKEN"],
  ["editor:server", "EDITOR_READ_TOKEN"],
  ["chat:server", "CHAT_TLS_KEY"],
  ["chat:server", "CHAT_INSPECT_TOKEN"],
  ["peer", "PEER_SECRET_FILE"],
  ["start", "EDITOR_TOKEN"],
  ["start", "PEER_SECRET_FILE"],
  ["start", "START_INSPECT_TOKEN"],
];

/** Values that nobody could have meant. */
const BLANKS = ["", "''", '"  "', " # none", "'\u200b'", "\u00a0"];

Deno.test(".env: a secret without a value starts nothing, whichever it is, and says so in a line", async () => {
  await Promise.all(SECRETS.map(async ([task, key], index) => {
    await using directory = await tempDirectory();
    const blank = BLANKS[index % BLANKS.length] ?? "";
    await Deno.writeTextFile(directory.file(".env"), `${key}=${blank}\n`);
    const { code, stdout, stderr } = await startTask(task, [], { cwd: directory.path }).ended();
    assertEquals([code, stdout], [2, ""], `${task}: ${key}=${blank}\n${stderr}`);
    const [first, ...rest] = stderr.trim().split("\n");
    assertMatch(first ?? "", new RegExp(`: \\.env, line 1: ${key} is empty.*nothing is started`));
    assertEquals(rest.length, 1);
  }));
});

Deno.test("a secret without a value starts nothing from the environment or the command line either", async () => {
  for (const blank of ["", " ", "\t", "\u200b"]) {
    for (
      const [name, args, env] of [
        ["EDITOR_TOKEN", [], { EDITOR_TOKEN: blank }],
        ["--token", [`--token=${blank}`], {}],
      ] as const
    ) {
      const { code, stdout, stderr } = await startTask("editor:server", ["--port", "0", ...args], { env })
        .ended();
      assertEquals([code, stdout], [2, ""]);
      assertStringIncludes(stderr, `${name} is empty`);
    }
  }
});

Deno.test("records:server: with no .env and no settings it runs, and says where its files are", async () => {
  await using directory = await tempDirectory();
  await using server = startTask("records:server", ["--host", "127.0.0.1", "--port", "0"], {
    cwd: directory.path,
  });
  await server.line("records are kept in records/");
  await server.port(/ready to receive/);
});

Deno.test("--config names the settings in place of .env, and must be there", async () => {
  await using directory = await tempDirectory();
  await Deno.writeTextFile(directory.file(".env"), "SERVER_PORT=nonsense\n");
  await Deno.writeTextFile(directory.file("other.env"), "SERVER_PORT=0\nUPDATE_TIMER=many\n");
  const run = (...args: string[]) =>
    startTask("records:server", ["--host", "127.0.0.1", ...args], { cwd: directory.path });
  const bad = await run("--config", "other.env").ended();
  assertEquals(bad.code, 2);
  assertStringIncludes(bad.stderr, 'UPDATE_TIMER in other.env: "many" is not a number');
  const missing = await run("--config=nowhere.env").ended();
  assertEquals(missing.code, 1);
  assertMatch(missing.stderr, /^Cannot read nowhere\.env: .*\n$/);
});

Deno.test(".env.example: copied as it is, it says nothing odd, and all of its keys are the store's", async () => {
  const all = environmentOf(records.task);
  const known = { all, guarding: environmentOf(records.task, "guarding"), prefixes: [records.task.env] };
  const { values, warnings } = readDotEnv(await Deno.readTextFile(`${root}.env.example`), known);
  assertEquals(warnings, []);
  assertEquals([...values.keys()].filter((key) => !all.includes(key)), []);
});

Deno.test("peer: a secret that is in the shared folder starts nothing, by whatever path", async () => {
  await using directory = await tempDirectory();
  await Deno.mkdir(directory.file("Node1/sub"), { recursive: true });
  await Deno.writeTextFile(directory.file("Node1/secret.key"), "x".repeat(32));
  await symlink("Node1/secret.key", directory.file("link"));
  await symlink("Node1", directory.file("folder"));
  const cases = [
    ["--secret-file", "Node1/secret.key"],
    ["--secret-file", "link"],
    ["--secret-file", directory.file("folder/secret.key")],
    ["--secret-file", "Node1/sub/../secret.key"],
    ["--secret-file", "new/secret.key", "--dir", "new"],
  ];
  await Promise.all(cases.map(async (flags) => {
    const args = ["1", "--nodes", "1=127.0.0.1:18081", "--port", "0", ...flags];
    const { code, stdout, stderr } = await startTask("peer", args, { cwd: directory.path }).ended();
    assertEquals([code, stdout], [2, ""], stderr);
    assertStringIncludes(stderr.split("\n")[0] ?? "", `${flags[0]} `);
    assertStringIncludes(stderr, "whose files are shared with everybody: put it elsewhere");
  }));
});

Deno.test("peer: a secret file that is short, blank or not there starts nothing, and says so in a line", async () => {
  await using directory = await tempDirectory();
  await Deno.writeTextFile(directory.file("short"), "x".repeat(31));
  await Deno.writeTextFile(directory.file("blank"), " \t\r\n".repeat(20));
  for (
    const [file, code, why] of [
      ["short", 2, "Cannot use a secret of 31 bytes: it must have 32 at least"],
      ["blank", 2, "Cannot use a secret that is blank"],
      ["missing", 1, "missing"],
    ] as const
  ) {
    const args = ["1", "--nodes", "1=127.0.0.1:18081", "--port", "0", "--secret-file", file];
    const ended = await startTask("peer", args, { cwd: directory.path }).ended();
    assertEquals([ended.code, ended.stdout], [code, ""], ended.stderr);
    assertStringIncludes(ended.stderr.split("\n")[0] ?? "", why);
  }
});
