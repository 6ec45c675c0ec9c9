/**
 * Clients that go without a word: no FIN, no RST.
 *
 * @module
 */
import { available, startProcess, type TestProcess } from "../_helpers.ts";

/**
 * Connects as often as it is told, says a line on each, and goes without a word: a socket in repair mode
 * (Linux, CAP_NET_ADMIN) is closed without FIN or RST.
 */
const VANISHING = `
import socket, sys, time
port, count, line = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
clients = []
for number in range(count):
    client = socket.create_connection(("127.0.0.1", port))
    if line: client.sendall((line % number).encode() + b"\\n")
    clients.append(client)
time.sleep(0.3)
print("connected", flush=True)
sys.stdin.readline()
for client in clients:
    client.setsockopt(socket.IPPROTO_TCP, 19, 1)
    client.close()
print("vanished", flush=True)
`;

/** Whether sockets can vanish here. */
export async function canVanish(): Promise<boolean> {
  if (!await available("python3", "--version")) return false;
  const probe = `import socket; s = socket.socket(); s.setsockopt(socket.IPPROTO_TCP, 19, 1)`;
  await using trying = startProcess("python3", ["-c", probe]);
  return (await trying.ended()).code === 0;
}

/** Connects, and waits until all are there. */
export async function vanishing(port: number, count: number, line = ""): Promise<TestProcess> {
  const process = startProcess("python3", ["-c", VANISHING, String(port), String(count), line]);
  await process.line("connected");
  return process;
}

/** Has them go without a word. */
export async function vanish(process: TestProcess): Promise<void> {
  await process.type("go");
  await process.line("vanished");
}
