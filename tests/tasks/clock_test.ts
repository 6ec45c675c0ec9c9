import { assert, assertEquals, assertMatch } from "@std/assert";
import { available, deadline, runTask, startProcess, startTask } from "../_helpers.ts";

/** An old client: Python, one datagram, one answer. */
const OLD_CLIENT = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(15)
for request in [b"SEND_DATE", b"SEND_TIME", b"hello", b"", b"x" * 65507]:
    s.sendto(request, ("127.0.0.1", int(sys.argv[1])))
    print(s.recvfrom(65536)[0].decode(), flush=True)
`;

Deno.test("clock: the client asks, the server says what and whom, and the client prints the answers", async () => {
  await using server = startTask("clock:server", ["--port", "0", "--host", "127.0.0.1", "--utc"]);
  await server.line(/^Server started\.\.\.waiting for a connection from the client$/);
  const port = await server.port();
  const args = ["--host", "127.0.0.1", "--port", String(port), "--count", "2"];
  const { code, stdout, stderr } = await runTask("clock:client", args);
  assertEquals([code, stderr], [0, ""]);
  const lines = stdout.trimEnd().split("\n");
  assertEquals(lines.length, 2);
  for (const line of lines) {
    assertMatch(
      line,
      new RegExp(
        `^Client received MESSAGE= (\\d{4}-\\d\\d-\\d\\d|\\d\\d:\\d\\d:\\d\\d) from ADDR= 127\\.0\\.0\\.1:${port}$`,
      ),
    );
  }
  await server.line(/^Server received MESSAGE= SEND_(DATE|TIME) from ADDR= 127\.0\.0\.1:\d+$/);
  server.kill("SIGTERM");
  assertEquals((await server.ended()).code, 0);
});

Deno.test("clock:client: who is never answered is asked four times, says so, and ends with 1", async () => {
  const silent = Deno.listenDatagram({ hostname: "127.0.0.1", port: 0, transport: "udp" });
  try {
    assert(silent.addr.transport === "udp");
    const args = [
      "--host",
      "127.0.0.1",
      "--port",
      String(silent.addr.port),
      "--count",
      "1",
      "--retry-ms",
      "50",
    ];
    const { code, stderr } = await runTask("clock:client", args);
    assertEquals([code, stderr], [1, `No answer from 127.0.0.1:${silent.addr.port}, asked 4 times\n`]);
    for (let attempt = 0; attempt < 4; attempt++) {
      const [bytes] = await silent.receive();
      assertMatch(new TextDecoder().decode(bytes), /^SEND_(DATE|TIME)$/);
    }
  } finally {
    silent.close();
  }
});

Deno.test("clock:client: a server whose name has no address is one line and exit 1", async () => {
  const { code, stderr } = await runTask("clock:client", ["--host", "nowhere.invalid", "--count", "1"]);
  assertEquals(code, 1);
  assertMatch(stderr, /^Cannot [^\n]*nowhere\.invalid[^\n]*\n$/);
});

Deno.test({
  name: "clock: an old Python client is answered, datagrams of 0 and of 65,507 bytes too",
  ignore: !await available("python3", "--version"),
  fn: async () => {
    await using server = startTask("clock:server", ["--port", "0", "--host", "127.0.0.1"]);
    const port = await server.port();
    await using old = startProcess("python3", ["-c", OLD_CLIENT, String(port)]);
    const { stdout, stderr } = await old.ended();
    assertEquals(stderr, "");
    assertMatch(stdout, /^\d{4}-\d\d-\d\d\n\d\d:\d\d:\d\d\n(Error: unknown request\n){3}$/);
    await server.line(/^Server received MESSAGE= .{120,}… \(65507 bytes\) from ADDR= /);
  },
});

Deno.test("clock:server: tells the time of its machine's zone, or UTC where asked to", async () => {
  const inZone = (timeZone: string, timeMs: number) =>
    new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" }).format(timeMs);
  // Fourteen hours ahead: the date differs from UTC's most of the day, the time always.
  const zone = "Pacific/Kiritimati";
  for (const [flags, expected] of [[[], zone], [["--utc"], "UTC"]] as const) {
    await using server = startTask("clock:server", ["--port", "0", "--host", "127.0.0.1", ...flags], {
      env: { TZ: zone },
    });
    const port = await server.port();
    const socket = Deno.listenDatagram({ hostname: "127.0.0.1", port: 0, transport: "udp" });
    try {
      const ask = async (request: string) => {
        await socket.send(new TextEncoder().encode(request), {
          hostname: "127.0.0.1",
          port,
          transport: "udp",
        });
        const [bytes] = await deadline(socket.receive(), undefined, "the answer");
        return new TextDecoder().decode(bytes);
      };
      const before = Math.floor(Date.now() / 1000) * 1000;
      const told = `${await ask("SEND_DATE")} ${await ask("SEND_TIME")}`;
      const possible = [];
      for (let timeMs = before; timeMs <= Date.now(); timeMs += 1000) possible.push(inZone(expected, timeMs));
      assert(possible.includes(told), `${told} is one of ${possible}`);
    } finally {
      socket.close();
    }
  }
});
