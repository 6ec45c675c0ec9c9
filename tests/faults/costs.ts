/**
 * What strangers cost a server, in descriptors, processor time and memory: the table in
 * `docs/operations.md`. A run of its own.
 *
 *     deno run -A tests/faults/costs.ts
 */
import { makeCertificate, tempDirectory, TestClient, until } from "../_helpers.ts";
import { Unread } from "../tasks/_unread.ts";
import { count, serve, TCP_SERVERS } from "./_strangers.ts";
import { vanish, vanishing } from "./_vanishing.ts";

const TICKS_A_SECOND = 100;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function descriptors(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

/** Processor time so far in seconds, and the most memory that was occupied, in MB. */
function used(pid: number): { readonly seconds: number; readonly peakMb: number } {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).replace(/^.*\) /, "").split(" ");
  const peak = /VmHWM:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
  return {
    seconds: (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND,
    peakMb: Math.round(Number(peak) / 1024),
  };
}

/** Prints a row: what was done, the descriptors that it took, the cost, and what else there is to say. */
async function row(what: string, pid: number, run: (before: number) => Promise<string>): Promise<void> {
  const start = descriptors(pid);
  const { seconds } = used(pid);
  let most = start;
  const looking = setInterval(() => most = Math.max(most, descriptors(pid)), 50);
  const said = await run(start);
  clearInterval(looking);
  const after = used(pid);
  const cpu = (after.seconds - seconds).toFixed(1);
  console.log(`${what} | ${start}, ${most}, ${descriptors(pid)} | ${cpu} s | ${after.peakMb} MB | ${said}`);
}

async function crowds(): Promise<void> {
  for (const service of TCP_SERVERS) {
    await using directory = await tempDirectory();
    await using server = await serve(service, directory, ["--max-clients", "100"]);
    await row(`1,400 connect at once to ${service}, 100 places`, server.process.pid, async () => {
      const served = await Promise.all(Array.from({ length: 100 }, () => TestClient.connect(server.port)));
      await sleep(200);
      const told = await Promise.all(Array.from({ length: 1300 }, async () => {
        using client = await TestClient.connect(server.port);
        return await client.rest().catch(() => "");
      }));
      for (const client of served) client.close();
      await sleep(300);
      return `${told.filter((text) => text.startsWith("Server is full")).length} of 1,300 told`;
    });
  }
}

async function handshakes(): Promise<void> {
  await using directory = await tempDirectory();
  const { certFile, keyFile } = await makeCertificate(directory);
  const flags = ["--tls-cert", certFile, "--tls-key", keyFile, "--max-clients", "100"];
  await using server = await serve("echo", directory, flags);
  await row(
    "1,000 TLS connections that never shake hands, 100 places",
    server.process.pid,
    async (before) => {
      const startedAt = performance.now();
      const all = await Promise.all(Array.from({ length: 1000 }, () => TestClient.connect(server.port)));
      await sleep(2000);
      await until(() => descriptors(server.process.pid) <= before + 2, "the descriptors");
      const seconds = (performance.now() - startedAt) / 1000;
      for (const client of all) client.close();
      return `back after ${seconds.toFixed(1)} s`;
    },
  );
}

async function tokens(): Promise<void> {
  await using directory = await tempDirectory();
  await using server = await serve("records", directory, ["--max-clients", "100"], { AUTH_TOKEN: "s3cret" });
  await row("wrong tokens to records for 5 s", server.process.pid, async () => {
    let sent = 0;
    let looked = 0;
    const end = performance.now() + 5000;
    const guess = async () => {
      while (performance.now() < end) {
        using client = await TestClient.connect(server.port);
        for (let tries = 0; tries < 3; tries++) {
          await client.send('{"type":"auth","data":"guess"}\n').catch(() => {});
          sent++;
          if (/Wrong token/.test(await client.line().catch(() => "") ?? "")) looked++;
        }
      }
    };
    await Promise.all(Array.from({ length: 10 }, guess));
    return `${sent} sent, ${looked} looked at`;
  });
}

async function vanished(): Promise<void> {
  await using directory = await tempDirectory();
  const flags = ["--max-clients", "10", "--vanished-ms", "1000"];
  await using server = await serve("editor", directory, flags);
  await row("200 editor clients vanish without FIN, ten at a time", server.process.pid, async () => {
    for (let round = 0; round < 20; round++) {
      await using clients = await vanishing(server.port, 10);
      await vanish(clients);
      await sleep(1200);
    }
    const served = count(server.process.stdout, /New client connected/g);
    return `${served} of 200 were served`;
  });
}

async function reconnects(): Promise<void> {
  await using directory = await tempDirectory();
  await using server = await serve("chat", directory);
  const members = await Promise.all(Array.from({ length: 20 }, () => TestClient.connect(server.port)));
  await Promise.all(members.map((member, at) => member.send(`member${at}\n`)));
  let heard = 0;
  const listening = members.map(async (member, at) => {
    for (let line; (line = await member.line().catch(() => null)) !== null;) {
      if (at === 0 && line.endsWith(": buy!")) heard++;
    }
  });
  await sleep(500);
  await row("one address comes back to the chat for 4 s, 15 lines each", server.process.pid, async () => {
    let came = 0;
    const end = performance.now() + 4000;
    const flood = async (from: number) => {
      for (let round = 0; performance.now() < end; round++) {
        using client = await TestClient.connect(server.port);
        await client.send(`s${from}-${round}\n${"buy!\n".repeat(15)}quit\n`).catch(() => {});
        await client.rest().catch(() => {});
        came++;
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, from) => flood(from)));
    return `came ${came} times, ${Math.round(heard / 4)} lines a second heard`;
  });
  for (const member of members) member.close();
  await Promise.all(listening);
}

async function unread(): Promise<void> {
  await using server = new Unread("calculator:server", ["--port", "0"]);
  const [, port] = await server.shows(/listening on 127\.0\.0\.1:(\d+)/);
  using client = await TestClient.connect(Number(port));
  await client.send("Adarsh\n");
  await row("50,000 requests, stdout is a pipe that nobody reads", server.child.pid, async () => {
    const startedAt = performance.now();
    for (let sent = 0; sent < 50_000; sent += 100) {
      await client.send("12 + 13\n".repeat(100));
      for (let n = 0; n < 100; n++) await client.line();
    }
    return `all answered in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
  });
  const endedAt = performance.now();
  server.child.kill("SIGTERM");
  const { code } = await server.child.status;
  console.log(`SIGTERM ends it in ${((performance.now() - endedAt) / 1000).toFixed(1)} s with ${code}`);
}

if (import.meta.main) {
  console.log("what | descriptors before, at most, after | CPU | memory at most | and");
  for (const measure of [crowds, handshakes, tokens, vanished, reconnects, unread]) await measure();
}
