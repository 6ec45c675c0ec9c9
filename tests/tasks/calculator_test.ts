import { assertEquals, assertMatch } from "@std/assert";
import { available, runTask, startProcess, startTask, TestClient } from "../_helpers.ts";

/** An old client: it ends nothing, and reads once for each expression. */
const OLD_CLIENT = `
import socket, sys, time
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.settimeout(15)
s.sendall("Adarsh".encode())
time.sleep(1)
for expression in ["12 + 13", "-6 * 6.96", "q"]:
    s.sendall(expression.encode())
    print("CLIENT RECEIVED: " + s.recv(1024).decode(), end="", flush=True)
`;

Deno.test("calculator:server: logs who asks what", async () => {
  await using server = startTask("calculator:server", ["--port", "0", "--host", "127.0.0.1"]);
  const port = await server.port();
  using client = await TestClient.connect(port);
  await client.send("Adarsh\n12 + 13\n");
  await server.line(/^SERVER RECEIVED: Adarsh$/);
  await server.line(/^Received request: 12 \+ 13$/);
  assertEquals(await client.line(), "25.0");
  await client.send("\u001b[2J\nq\n");
  await server.line("Received request: ␛[2J");
  assertEquals(await client.rest(), "Invalid expression\nSession ended\n");
  await server.line(`Connection lost with client: ${client.address}`);
  server.kill("SIGTERM");
  assertEquals((await server.ended()).code, 0);
});

Deno.test("calculator:client: asks for a name and expressions, warns of what is none, and prints the answers", async () => {
  await using server = startTask("calculator:server", ["--port", "0", "--host", "127.0.0.1"]);
  const port = await server.port();
  await using client = startTask("calculator:client", ["--host", "127.0.0.1", "--port", String(port)]);
  await client.shows("Enter your name: ");
  await client.type("Adarsh");
  await client.shows("Enter an expression (or 'q' to quit): ");
  await client.type("12 + 13");
  await client.line("CLIENT RECEIVED: 25.0");
  await client.type("12+13");
  await client.line("Not an expression");
  await client.type("1 / 0");
  await client.line("CLIENT RECEIVED: Error: division by zero");
  await client.type("q");
  await client.line("CLIENT RECEIVED: Session ended");
  assertEquals((await client.ended()).code, 0);
  assertEquals(server.stdout.includes("12+13"), false, "a malformed line is not sent");
});

Deno.test("calculator:client: in a pipe, the end of the input ends the session", async () => {
  await using server = startTask("calculator:server", ["--port", "0", "--host", "127.0.0.1"]);
  const port = await server.port();
  const args = ["--host", "127.0.0.1", "--port", String(port)];
  const { code, stdout } = await runTask("calculator:client", args, { input: "Adarsh\n2 * 3\n" });
  assertEquals(code, 0);
  assertMatch(stdout, /CLIENT RECEIVED: 6\.0\n[^]*CLIENT RECEIVED: Session ended\n$/);
});

Deno.test({
  name: "calculator: an old Python client that ends nothing is served",
  ignore: !await available("python3", "--version"),
  fn: async () => {
    await using server = startTask("calculator:server", ["--port", "0", "--host", "127.0.0.1"]);
    const port = await server.port();
    await using old = startProcess("python3", ["-c", OLD_CLIENT, String(port)]);
    const { stdout, stderr } = await old.ended();
    assertEquals([stdout, stderr], [
      "CLIENT RECEIVED: 25.0\nCLIENT RECEIVED: -41.76\nCLIENT RECEIVED: Session ended\n",
      "",
    ]);
  },
});

/** Asks a server 10,000 random expressions and compares its answers with Python's own arithmetic. */
const SCEPTIC = `
import random, socket, sys, threading
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.settimeout(15)
seed = random.randrange(2 ** 32)
random.seed(seed)
def number():
    kind = random.randrange(4)
    if kind == 0: return str(random.randint(-10 ** 6, 10 ** 6))
    if kind == 1: return "%.*f" % (random.randint(1, 8), random.uniform(-1000, 1000))
    if kind == 2: return repr(random.uniform(-1, 1) * 10.0 ** random.randint(-300, 300))
    return "." + str(random.randint(0, 999)) + random.choice(["", "e5", "E-7", "e+22"])
def value(left, operator, right):
    a, b = float(left), float(right)
    if operator == "+": return repr(a + b)
    if operator == "-": return repr(a - b)
    if operator == "*": return repr(a * b)
    return "Error: division by zero" if b == 0 else repr(a / b)
questions = [(number(), random.choice("+-*/"), number()) for _ in range(10000)]
text = "sceptic\\n" + "".join(" ".join(q) + "\\n" for q in questions) + "q\\n"
threading.Thread(target=lambda: s.sendall(text.encode())).start()
answers = s.makefile().read().split("\\n")
wrong = [(q, a) for q, a in zip(questions, answers) if a != value(*q)]
print(seed, len(answers), answers[-2], wrong[:3], flush=True)
`;

Deno.test({
  name: "calculator: 10,000 random expressions over a socket agree with Python's arithmetic (needs python3)",
  ignore: !await available("python3", "--version"),
  fn: async () => {
    await using server = startTask("calculator:server", ["--port", "0", "--host", "127.0.0.1"]);
    const port = await server.port();
    await using sceptic = startProcess("python3", ["-c", SCEPTIC, String(port)]);
    const { stdout, stderr } = await sceptic.ended();
    assertEquals(stderr, "");
    assertMatch(stdout, /^\d+ 10002 Session ended \[\]\n$/);
  },
});
