import { assertEquals, assertRejects } from "@std/assert";
import { DenoFile } from "../../actors/world/deno/disk_file.ts";
import { denoFiles } from "../../actors/world/deno/files.ts";
import { DenoLoop } from "../../actors/world/deno/loop.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { realDisk } from "../../actors/world/real/disk.ts";
import type { Files } from "../../actors/world/real/files.ts";
import type { Disk } from "../../actors/world/world.ts";
import { deadline, type TempDirectory, tempDirectory } from "../_helpers.ts";

const failed = (): never => {
  throw new Error("the disk is broken");
};

/** Deno's files, of which the first so many calls of a function fail from the moment on that one is open. */
function failing(name: "statSync" | "truncate" | "lstatSync"): Files<Deno.FsFile> {
  let isOpen = false;
  const guarded = <T>(work: () => T) => isOpen ? failed() : work();
  return {
    ...denoFiles,
    lstatSync: (path) => name === "lstatSync" ? guarded(() => Deno.lstatSync(path)) : Deno.lstatSync(path),
    async open(path, options) {
      const file = await Deno.open(path, options);
      isOpen = true;
      if (name === "lstatSync") return file;
      return Object.assign(file, { [name]: failed });
    },
  };
}

// The sanitizer of the tests sees a file that is not closed.
const cases: readonly (readonly [
  name: Parameters<typeof failing>[0],
  what: string,
  work: (disk: Disk, directory: TempDirectory) => Promise<unknown>,
])[] = [
  ["statSync", "open", (disk, { file }) => disk.open(file("a"))],
  ["truncate", "open", (disk, { file }) => disk.open(file("a"), { write: true, truncate: true })],
  ["statSync", "read", (disk, { file }) => disk.readFile(file("a"))],
  ["lstatSync", "replace", (disk, { file }) => disk.createReplacement(file("a"))],
  ["lstatSync", "lock", (disk, { file }) => disk.lock(file("a"))],
];

for (const [name, what, work] of cases) {
  Deno.test(`disk: what ${what} has opened is closed when ${name} fails, and nothing is left beside`, async () => {
    await using directory = await tempDirectory();
    await Deno.writeTextFile(directory.file("a"), "text");
    const disk = realDisk(failing(name), (path, file) => new DenoFile(path, file), new DenoLoop());
    await assertRejects(() => work(disk, directory), Error, "broken");
    assertEquals([...Deno.readDirSync(directory.path)].map((entry) => entry.name), ["a"]);
  });
}

Deno.test("network: a connection is closed when the server name for TLS is invalid", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  const { net } = denoWorld({ log: { write: () => {} } });
  const { port } = listener.addr;
  // An invalid name is refused before the handshake begins.
  await assertRejects(
    () => net.connectTcp({ hostname: "127.0.0.1", port, tls: { serverName: "a..b" } }),
    Error,
  );
  using connection = await accepting;
  assertEquals(await deadline(connection.read(new Uint8Array(1))), null);
});

Deno.test("network: a connection that cannot be kept alive is closed, and told of", async () => {
  const { net } = denoWorld({ log: { write: () => {} } });
  const listener = net.listenTcp({ hostname: "127.0.0.1", port: 0 });
  await using _closing = { [Symbol.asyncDispose]: () => Promise.resolve(listener.close()) };
  using client = await Deno.connect({ port: listener.address.port });
  const kind: Deno.TcpConn = Object.getPrototypeOf(client);
  const { setKeepAlive } = kind;
  kind.setKeepAlive = failed;
  try {
    await assertRejects(() => listener.accept(), Error, "broken");
  } finally {
    kind.setKeepAlive = setKeepAlive;
  }
  assertEquals(await deadline(client.read(new Uint8Array(1))), null);
});
