import { assert, assertEquals } from "@std/assert";
import { available, deadline, startProcess, tempDirectory } from "../_helpers.ts";
import { askDatagram, count, type RunningServer, serve } from "./_strangers.ts";

/** Sends datagrams whose sender is forged (a raw socket: Linux, CAP_NET_RAW). */
const FORGE = `
import socket, struct, sys, time
source, target = int(sys.argv[1]), int(sys.argv[2])
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
for text in sys.argv[3:]:
    data = text.encode()
    raw.sendto(struct.pack("!HHHH", source, target, 8 + len(data), 0) + data, ("127.0.0.1", 0))
    # Time for a thousand exchanges, if they went on.
    time.sleep(0.1)
`;

const FORGED = ["hello", "SEND_DATE", "x", "Ok", "Error: unknown request"];

async function canForge(): Promise<boolean> {
  if (!await available("python3", "--version")) return false;
  const probe = "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)";
  await using trying = startProcess("python3", ["-c", probe]);
  return (await trying.ended()).code === 0;
}

const ignore = !await canForge();
if (ignore) console.log("forged datagrams: skipped, raw sockets are not allowed here (CAP_NET_RAW)");

/** What each service on UDP logs of a datagram, and the flags with which it does. */
const LOGS = {
  echo: { flags: ["--udp", "--log-level", "debug"], line: /Received: / },
  clock: { flags: [], line: /Server received MESSAGE= / },
  joke: { flags: [], line: /Server received MESSAGE= / },
} as const;
type UdpServer = keyof typeof LOGS;

function received({ process }: RunningServer, service: UdpServer): number {
  return count(process.stdout, new RegExp(LOGS[service].line, "g"));
}

for (
  const [one, other] of [["echo", "echo"], ["echo", "clock"], ["echo", "joke"], ["clock", "joke"], [
    "clock",
    "clock",
  ], ["joke", "joke"]] as const
) {
  Deno.test({
    name: `a forged datagram makes ${one} and ${other} exchange one question and one answer, and no more`,
    ignore,
    fn: async () => {
      await using directory = await tempDirectory();
      await using first = await serve(one, directory, LOGS[one].flags);
      await using second = await serve(other, directory, LOGS[other].flags);
      // It looks to the first as if the second had asked.
      const args = ["-c", FORGE, String(second.port), String(first.port), ...FORGED];
      await using forging = startProcess("python3", args);
      assertEquals((await forging.ended()).code, 0);
      await askDatagram(first.port, "sync a");
      await askDatagram(second.port, "sync b");
      // Of each forgery: what was sent, what was answered, and what came of the answer.
      const total = received(first, one) + received(second, other);
      assert(total <= 2 + 3 * FORGED.length, `${total} datagrams were received, 2 of them asked here`);
      for (const { process } of [first, second]) {
        assertEquals(count(process.stdout, /left out|Not answering/g), 0);
      }
    },
  });
}

for (const service of ["clock", "joke"] as const) {
  Deno.test(`${service}: what could itself be an answer gets none, and what comes after it does`, async () => {
    await using directory = await tempDirectory();
    await using server = await serve(service, directory);
    const socket = Deno.listenDatagram({ hostname: "127.0.0.1", port: 0, transport: "udp" });
    const to = { hostname: "127.0.0.1", port: server.port, transport: "udp" } as const;
    const answers = [
      ...["Error: unknown request", "Ok", "Ok\n", "2026-11-26", "23:59:59", "error: no", "ERROR"],
      "Error: something else that a clock of another make says",
    ];
    try {
      for (const text of answers) await socket.send(new TextEncoder().encode(text), to);
      await socket.send(new TextEncoder().encode("SEND_TIME"), to);
      const [bytes] = await deadline(socket.receive(), undefined, "an answer");
      assert(/^(\d\d:\d\d:\d\d|Ok)$/.test(new TextDecoder().decode(bytes)));
      await socket.send(new TextEncoder().encode("SEND_TIME"), to);
      await deadline(socket.receive(), undefined, "the second answer");
    } finally {
      socket.close();
    }
  });
}

Deno.test("a flood of datagrams is some log lines and a count, not a line each, and an address has its rate on every service", async () => {
  for (const service of ["clock", "joke", "echo"] as const) {
    await using directory = await tempDirectory();
    const flags = service === "echo" ? ["--udp"] : [];
    await using server = await serve(service, directory, [...flags, "--max-per-second", "100"]);
    const to = { hostname: "127.0.0.1", port: server.port, transport: "udp" } as const;
    let answers = 0;
    const startedAt = performance.now();
    for (let port = 0; port < 10; port++) {
      const socket = Deno.listenDatagram({ hostname: "127.0.0.1", port: 0, transport: "udp" });
      const hearing = (async () => {
        for (;;) {
          await socket.receive();
          answers++;
        }
      })().catch(() => {});
      for (let index = 0; index < 100; index++) {
        await socket.send(new TextEncoder().encode(`question ${index}`), to);
      }
      // Some are answered, however busy the machine: the socket may be bound after the line that says so.
      for (let more = 0; answers === 0; more++) {
        await socket.send(new TextEncoder().encode(`more ${more}`), to);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
      socket.close();
      await hearing;
    }
    const seconds = (performance.now() - startedAt) / 1000;
    assert(answers <= 100 * (seconds + 2), `${service}: ${answers} of 1,000 were answered in ${seconds} s`);
    await server.process.line(/\[WARN\] Not answering 127\.0\.0\.1: over 100 datagrams a second/);
    assert(count(server.process.stdout, /\n/g) < 80, server.process.stdout);
    assertEquals(server.process.stderr, "");
  }
});
