import { assert, assertEquals, assertMatch } from "@std/assert";
import { freePort, makeCertificate, runTask, startTask, tempDirectory } from "../_helpers.ts";
import { startRecords } from "../records/_server.ts";

const ADA = ["--id", "150210710", "--name", "Ada Lovelace", "--dob", "1815-12-10", "--city", "London"];
const STAMPED = /^Last updated: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n/;
const RECORD =
  "Student ID: 150210710\nName: Ada Lovelace\nDate of Birth: 1815-12-10\nCity: London\nReason: Enrolment\n";

Deno.test("records client: the menu writes what it asked for, reads it into a file, and says goodbye", async () => {
  await using server = await startRecords();
  await using directory = await tempDirectory();
  await using client = startTask("records:client", [], { cwd: directory.path });
  await client.shows("Enter the server's host (localhost): ");
  await client.type("127.0.0.1");
  await client.shows("Enter the server's port (12000): ");
  await client.type("port");
  await client.line("A port is a number from 0 to 65535.");
  await client.type(`${server.port}`);
  await client.line("Address set successfully.");
  for (const line of ["1. Write to the server", "2. Read from the server", "3. Exit"]) {
    await client.line(line);
  }
  await client.shows("Enter your choice: ");
  await client.type("4");
  await client.line("Invalid choice. Please enter 1, 2 or 3.");
  await client.type("1");
  await client.shows("Enter Student ID: ");
  await client.type("15a");
  await client.line("The student ID must be 1 to 20 digits.");
  await client.type("150210710");
  await client.shows("Enter Name: ");
  await client.type("");
  await client.line("It must not be empty.");
  await client.type("Ada Lovelace");
  await client.shows("Enter Date of Birth: ");
  await client.type("1815-02-30");
  await client.line("The date of birth must be a date");
  await client.type("1815-12-10");
  await client.shows("Enter City: ");
  await client.type("London");
  await client.shows("Enter Reason: ");
  await client.type("Enrolment");
  await client.line("File updated successfully.");
  await client.type("2");
  await client.type("150210710");
  await client.line("Written requested file to ./150210710.txt successfully");
  await client.type("2");
  await client.type("7");
  await client.line("Client not found.");
  await client.type("3");
  await client.line("Connection closed successfully.");
  await client.line("Goodbye!");
  const { code, stderr } = await client.ended();
  assertEquals([code, stderr], [0, ""]);
  const saved = await Deno.readTextFile(directory.file("150210710.txt"));
  assertMatch(saved, STAMPED);
  assertEquals(saved.replace(STAMPED, ""), RECORD);
  assertEquals(await Deno.readTextFile(`${server.files}/150210710.txt`), saved);
});

Deno.test("records client: the menu ends well at the end of its input, wherever that is", async () => {
  await using server = await startRecords();
  const address = `127.0.0.1\n${server.port}\n`;
  for (const input of ["", "127.0.0.1\n", address, `${address}1\n`, `${address}1\n7\n`, `${address}2\n`]) {
    const { code, stderr } = await runTask("records:client", [], { input });
    assertEquals([code, stderr], [0, ""], JSON.stringify(input));
  }
});

Deno.test("records client: the same without questions: write, read, info", async () => {
  await using server = await startRecords();
  await using directory = await tempDirectory();
  const address = ["--host", "127.0.0.1", "--port", `${server.port}`];
  const run = (...args: string[]) =>
    runTask("records:client", [...args, ...address], { cwd: directory.path });
  assertEquals(await run("write", ...ADA, "--reason", "Enrolment"), {
    code: 0,
    stdout: "File updated successfully.\n",
    stderr: "",
  });
  await Deno.mkdir(directory.file("out"));
  assertEquals(await run("read", "150210710", "--out", "out"), {
    code: 0,
    stdout: "Written requested file to out/150210710.txt successfully\n",
    stderr: "",
  });
  const saved = await Deno.readTextFile(directory.file("out/150210710.txt"));
  assertEquals(saved.replace(STAMPED, ""), RECORD);
  assertEquals(await run("info"), {
    code: 0,
    stdout: '{"connections":1,"max_connections":10,"records":1}\n',
    stderr: "",
  });
  assertEquals(await run("read", "7"), { code: 1, stdout: "", stderr: "Client not found.\n" });
  const nowhere = await run("read", "150210710", "--out", "nowhere");
  assertEquals([nowhere.code, nowhere.stdout], [1, ""]);
  assertEquals(nowhere.stderr, "Cannot write nowhere/150210710.txt: there is no such folder\n");
});

Deno.test("records client: a record is read however long the server's limit lets it be", async () => {
  await using server = await startRecords({ MAX_DATA_BYTES: "4000000" });
  await using directory = await tempDirectory();
  using other = await server.connect();
  const text = "Last updated: 2024-03-18 13:14:33\n" + "\u0001long ".repeat(500_000);
  assertEquals((await other.write("1", text)).type, "success");
  const address = ["--host", "127.0.0.1", "--port", `${server.port}`];
  assertEquals(await runTask("records:client", ["read", "1", ...address], { cwd: directory.path }), {
    code: 0,
    stdout: "Written requested file to ./1.txt successfully\n",
    stderr: "",
  });
  assert(await Deno.readTextFile(directory.file("1.txt")) === text);
});

Deno.test("records client: a record that cannot be saved is said, and the menu goes on", async () => {
  await using server = await startRecords();
  using other = await server.connect();
  await other.write("1", "x");
  const args = ["--host", "127.0.0.1", "--port", `${server.port}`, "--out", "nowhere"];
  const { code, stdout, stderr } = await runTask("records:client", args, { input: "2\n1\n3\n" });
  assertEquals([code, stderr], [0, ""]);
  assert(
    stdout.includes("Cannot write nowhere/1.txt: there is no such folder\n1. Write to the server\n"),
    stdout,
  );
  assert(stdout.endsWith("Connection closed successfully.\nGoodbye!\n"), stdout);
});

Deno.test("records client: a mistake in what it is called with has its own message, and exit 2", async () => {
  const cases: [string[], RegExp][] = [
    [["erase"], /Unknown command "erase": it takes read, write or info/],
    [["read"], /read needs ID/],
    [["read", "x"], /ID: The student ID must be 1 to 20 digits/],
    [["info", "7"], /Unexpected argument "7"/],
    [["write", ...ADA.slice(2)], /write needs --id/],
    [["write", ...ADA], /write needs --reason/],
    [["write", "--id", "1/2", ...ADA.slice(2), "--reason", "x"], /--id: The student ID/],
    [["write", ...ADA, "--reason", "two\nlines"], /--reason: It must be one line of text/],
    [["write", ...ADA, "--reason", "x", "--dob", "soon"], /--dob: The date of birth must be a date/],
    [["info", "--port", "x"], /--port: "x" is not a port/],
    [["--nope"], /Unknown flag --nope/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await runTask("records:client", args);
    assertMatch(stderr, message);
    assertEquals([code, stdout], [2, ""]);
  }
});

Deno.test("records client: no server is one line, exit 1", async () => {
  const port = freePort();
  const args = ["--host", "127.0.0.1", "--port", `${port}`];
  const once = await runTask("records:client", ["info", ...args]);
  assertEquals(once, {
    code: 1,
    stdout: "",
    stderr: `Cannot connect to 127.0.0.1:${port}: the connection was refused\n`,
  });
  const menu = await runTask("records:client", args, { input: "3\n" });
  assertEquals([menu.code, menu.stdout], [1, "Address set successfully.\n"]);
  assertEquals(menu.stderr, once.stderr);
});

Deno.test("records client: it shows its token, and says it when the token is wrong or lacking", async () => {
  await using server = await startRecords({ AUTH_TOKEN: "open sesame" });
  const info = (...args: string[]) =>
    runTask("records:client", ["info", "--host", "127.0.0.1", "--port", `${server.port}`, ...args]);
  assertEquals((await info("--token", "open sesame")).code, 0);
  assertEquals(await info("--token", "sesame"), { code: 1, stdout: "", stderr: "Wrong token.\n" });
  const none = await info();
  assertEquals(none, { code: 1, stdout: "", stderr: "Authenticate first: send the auth request.\n" });
});

Deno.test(
  "records client: it speaks TLS to a server whose certificate it trusts, and to no other",
  async () => {
    let certFile = "";
    await using server = await startRecords(
      { TLS_CERT: "cert.pem", TLS_KEY: "key.pem" },
      async (directory) => {
        ({ certFile } = await makeCertificate(directory));
      },
    );
    const info = (...args: string[]) =>
      runTask("records:client", ["info", "--host", "localhost", "--port", `${server.port}`, ...args]);
    assertEquals((await info("--ca", certFile)).code, 0);
    const stranger = await info("--tls");
    assertEquals([stranger.code, stranger.stdout], [1, ""]);
    assertEquals(stranger.stderr.split("\n").length, 2);
    const plain = await info();
    assertEquals([plain.code, plain.stdout], [1, ""]);
  },
);

Deno.test("records client: a full server's words are passed on", async () => {
  await using server = await startRecords({ MAX_CONNECTION: "1" });
  using first = await server.connect();
  await first.ask({ type: "info" });
  const { code, stdout, stderr } = await runTask("records:client", [
    "info",
    "--host",
    "127.0.0.1",
    "--port",
    `${server.port}`,
  ]);
  assertEquals([code, stdout, stderr], [1, "", "Server is full. Please try again later.\n"]);
});

Deno.test("records client: a menu that the server has closed for its silence goes on with a new connection", async () => {
  await using server = await startRecords({ CLIENT_TIMEOUT: "0.3" });
  await using directory = await tempDirectory();
  await using client = startTask("records:client", ["--host", "127.0.0.1", "--port", `${server.port}`], {
    cwd: directory.path,
  });
  await client.shows("Enter your choice: ");
  await server.process.line("Connection lost with client: ");
  await client.type("2");
  await client.type("7");
  await client.line("Client not found.");
  await client.type("3");
  await client.line("Goodbye!");
  assertEquals((await client.ended()).code, 0);
  assert(server.process.stdout.split("Connection established").length === 3);
});

Deno.test("records client: Ctrl-C at the menu leaves, with the exit code of the signal", async () => {
  await using server = await startRecords();
  await using client = startTask("records:client", ["--host", "127.0.0.1", "--port", `${server.port}`]);
  await client.shows("Enter your choice: ");
  client.kill("SIGINT");
  const { code, stderr } = await client.ended();
  assertEquals([code, stderr], [130, ""]);
  await server.process.line("Connection lost with client: ");
});
