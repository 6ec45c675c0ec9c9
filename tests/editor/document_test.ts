import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type DocumentCommand,
  DocumentError,
  type DocumentEvent,
  sharedDocument,
  type SyncPolicy,
} from "../../actors/editor/mod.ts";
import { ActorSystem, denoWorld, escalate, type Ref, type World } from "../../mod.ts";
import { LogFile } from "../../actors/store/mod.ts";
import { type Disk, WorldError } from "../../actors/world/world.ts";
import { deadline, until } from "../_helpers.ts";
import { MemoryDisk } from "../store/_memory_disk.ts";

/** A member that keeps what it is told. */
class Member {
  readonly events: DocumentEvent[] = [];
  readonly ref: Ref<DocumentEvent>;
  #waiting: (() => void) | undefined;

  constructor(system: ActorSystem, name: string) {
    this.ref = system.spawn<DocumentEvent>(name, () => (event) => {
      this.events.push(event);
      this.#waiting?.();
    });
  }

  /** Waits until so many events of a type have come. */
  async have<T extends DocumentEvent["type"]>(
    type: T,
    count = 1,
  ): Promise<Extract<DocumentEvent, { type: T }>[]> {
    const found = () =>
      this.events.filter((event): event is Extract<DocumentEvent, { type: T }> => event.type === type);
    const enough = async () => {
      while (found().length < count) await new Promise<void>((resolve) => this.#waiting = resolve);
    };
    await deadline(enough(), 5000, `${count} × ${type}`);
    return found();
  }

  /** What the member sees of the document: everything that is not its own. */
  get text(): string {
    let text = "";
    for (const event of this.events) {
      if (event.type !== "updated") continue;
      let from = event.start;
      for (const own of [...event.own?.ranges ?? [], { start: event.start + event.bytes.length, end: 0 }]) {
        text += new TextDecoder().decode(event.bytes.subarray(from - event.start, own.start - event.start));
        from = own.end;
      }
    }
    return text;
  }
}

interface Stage extends AsyncDisposable {
  readonly system: ActorSystem;
  readonly document: Ref<DocumentCommand>;
  readonly logged: string[];
  member(name: string): Promise<Member>;
}

async function stage(memory: MemoryDisk, sync?: SyncPolicy): Promise<Stage> {
  const logged: string[] = [];
  const log = {
    enabled: () => true,
    write: ({ level, message }: { level: string; message: string }) =>
      void logged.push(`[${level}] ${message}`),
  };
  const world: World = { ...denoWorld(), disk: memory.disk, log };
  const system = new ActorSystem("test", { world });
  let opened = () => {};
  const isOpen = new Promise<void>((resolve) => opened = resolve);
  const document = system.spawn(
    "document",
    sharedDocument({ path: "doc", opened, syncIntervalMs: 20, ...(sync === undefined ? {} : { sync }) }),
    { onFailure: escalate() },
  );
  await deadline(Promise.race([isOpen, system.terminated]));
  return {
    system,
    document,
    logged,
    async member(name) {
      const member = new Member(system, name);
      document.tell({ type: "join", member: member.ref });
      await member.have("joined");
      return member;
    },
    [Symbol.asyncDispose]: async () => void await system.stop(),
  };
}

Deno.test("document: an update is on the disk before anybody is told of it", async () => {
  const memory = new MemoryDisk();
  await using play = await stage(memory);
  const [writer, reader] = [await play.member("writer"), await play.member("reader")];
  let open = () => {};
  memory.gate = new Promise((resolve) => open = resolve);
  play.document.tell({ type: "update", member: writer.ref, text: "hello" });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(reader.events.length, 1);
  open();
  await reader.have("updated");
  assertEquals(reader.text, "hello\n");
  assertEquals(memory.text("doc"), "hello\n");
  assert(memory.syncs >= 1);
});

/** The disk takes its time, so nobody comes in; who has come may go. */
async function closedDoor(play: Stage, memory: MemoryDisk): Promise<{
  open(): void;
  come(...texts: string[]): Promise<{ say(text: string): Promise<void>; go(): Promise<void> }>;
}> {
  const writer = await play.member("writer");
  let open = () => {};
  memory.gate = new Promise((resolve) => open = resolve);
  const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 20));
  play.document.tell({ type: "update", member: writer.ref, text: "busy" });
  await settled();
  const come = async (...texts: string[]) => {
    const guest = play.system.spawn<DocumentEvent | "go">(`guest-${texts[0]}`, (self) => (message) => {
      if (message === "go") self.stop();
    });
    const say = (text: string) => {
      play.document.tell({ type: "update", member: guest, text });
      return settled();
    };
    play.document.tell({ type: "join", member: guest });
    for (const text of texts) await say(text);
    return {
      say,
      go() {
        guest.tell("go");
        return settled();
      },
    };
  };
  return { open, come };
}

Deno.test("document: what somebody says who is gone before it was in is kept, in its order", async () => {
  const memory = new MemoryDisk();
  await using play = await stage(memory);
  const door = await closedDoor(play, memory);
  const first = await door.come("one", "two");
  // Who lost a connection, and dials again, says more on the next one.
  const second = await door.come("four");
  await second.go();
  await first.go();
  await first.say("three");
  door.open();
  await until(() => memory.text("doc") === "busy\none\ntwo\nthree\nfour\n", "all of it");
});

Deno.test("document: what those say who are on their way in is saved also where it stops at that moment", async () => {
  const memory = new MemoryDisk();
  await using play = await stage(memory);
  const door = await closedDoor(play, memory);
  await (await door.come("gone")).go();
  await door.come("there");
  const stopped = play.system.stop();
  door.open();
  await stopped;
  assertEquals(memory.text("doc"), "busy\ngone\nthere\n");
});

Deno.test("document: everybody sees one order, the file's, and nobody what is their own", async () => {
  const memory = new MemoryDisk();
  memory.put("doc", "before\n");
  await using play = await stage(memory);
  const members = await Promise.all([1, 2, 3].map((n) => play.member(`m${n}`)));
  for (let i = 0; i < 50; i++) {
    for (const [n, { ref }] of members.entries()) {
      play.document.tell({ type: "update", member: ref, text: `${n} says ${i}` });
    }
    if (i % 7 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  const reader = await play.member("late");
  await Promise.all(members.map(async (member) => {
    while (member.text.split("\n").length < 101) {
      await member.have("updated", member.events.filter(({ type }) => type === "updated").length + 1);
    }
  }));
  const written = memory.text("doc");
  assertEquals(written.split("\n").length, 152);
  for (const [n, member] of members.entries()) {
    const others = written.split("\n").filter((line) => line !== "before" && !line.startsWith(`${n} `));
    assertEquals(member.text, others.join("\n"));
  }
  const [joined] = await reader.have("joined");
  assert(joined !== undefined);
  assertEquals(written.slice(joined.length), reader.text);
});

Deno.test("document: updates that come together share a sync", async () => {
  const memory = new MemoryDisk();
  await using play = await stage(memory);
  const writer = await play.member("writer");
  for (let i = 0; i < 1000; i++) play.document.tell({ type: "update", member: writer.ref, text: `${i}` });
  await writer.have("updated");
  await play.system.stop();
  assertEquals(memory.text("doc").split("\n").length, 1001);
  assert(memory.syncs <= 8, `${memory.syncs} syncs`);
});

Deno.test("document: an update that cannot be saved is told to its sender alone, and the next one goes through", async () => {
  const memory = new MemoryDisk();
  await using play = await stage(memory);
  const [writer, reader] = [await play.member("writer"), await play.member("reader")];
  memory.capacity = 10;
  play.document.tell({ type: "update", member: writer.ref, text: "x".repeat(100) });
  const [rejected] = await writer.have("rejected");
  assertEquals(rejected?.reason, "Cannot save the update: no space left on the disk");
  assertEquals(rejected?.characters, 101);
  memory.capacity = Infinity;
  play.document.tell({ type: "update", member: writer.ref, text: "fits" });
  await reader.have("updated");
  assertEquals(reader.text, "fits\n");
  assertEquals(memory.text("doc"), "fits\n");
  assert(play.logged.some((line) => line.startsWith("[error]") && line.includes("no space")));
});

Deno.test("document: an update of two lines is none", async () => {
  const memory = new MemoryDisk();
  await using play = await stage(memory);
  const writer = await play.member("writer");
  play.document.tell({ type: "update", member: writer.ref, text: "one\ntwo" });
  assertEquals(
    (await writer.have("rejected"))[0]?.reason,
    "Cannot save the update: it is more than one line",
  );
  assertEquals(memory.text("doc"), "");
});

Deno.test("document: the end that a line typed by hand lacked comes with the next update, its writer's own", async () => {
  const memory = new MemoryDisk();
  memory.put("doc", "by hand");
  await using play = await stage(memory);
  const [writer, reader] = [await play.member("writer"), await play.member("reader")];
  play.document.tell({ type: "update", member: writer.ref, text: "next" });
  await reader.have("updated");
  await writer.have("updated");
  assertEquals(reader.text, "\nnext\n");
  assertEquals(writer.text, "");
  assertEquals(memory.text("doc"), "by hand\nnext\n");
});

Deno.test("document: what is appended to the file by hand reaches everybody with the next update", async () => {
  const memory = new MemoryDisk();
  await using play = await stage(memory);
  const writer = await play.member("writer");
  memory.edit("doc", (text) => text + "by hand");
  play.document.tell({ type: "update", member: writer.ref, text: "mine" });
  await writer.have("updated");
  assertEquals(writer.text, "by hand");
  assertEquals(memory.text("doc"), "by hand\nmine\n");
  assert(play.logged.includes("[info] Broadcasting what was added to doc by hand"));
});

Deno.test("document: a file that cannot be opened is told in the operator's words, with the reason behind them", async () => {
  const denied = new WorldError("permission-denied", "Cannot open doc: permission was denied");
  for (
    const [mayWrite, words] of [[true, "Error reading file doc"], [false, "Error opening file doc"]] as const
  ) {
    const { disk } = new MemoryDisk();
    const locked: Disk = {
      ...disk,
      open: (path, options) =>
        mayWrite && options?.read === false
          ? disk.open(path, { ...options, create: true })
          : Promise.reject(denied),
    };
    const log = { enabled: () => false, write() {} };
    const system = new ActorSystem("test", { world: { ...denoWorld(), log, disk: locked } });
    system.spawn("document", sharedDocument({ path: "doc" }), { onFailure: escalate() });
    const error = await assertRejects(() => deadline(system.terminated), DocumentError, words);
    assertEquals(error.message, words);
    assert(error.cause instanceof Error && error.cause.message.includes("permission was denied"));
  }
});

Deno.test("document: a read gives what is saved, as it stands", async () => {
  const memory = new MemoryDisk();
  memory.put("doc", "one\ntwo\n");
  await using play = await stage(memory);
  const member = await play.member("reader");
  play.document.tell({ type: "read", range: { start: 4, end: 8 }, replyTo: member.ref });
  const [piece] = await member.have("piece");
  assertEquals(new TextDecoder().decode(piece?.bytes), "two\n");
});

Deno.test("document: a member that has stopped is sent nothing more", async () => {
  const memory = new MemoryDisk();
  await using play = await stage(memory);
  const writer = await play.member("writer");
  const gone: Ref<DocumentEvent> = play.system.spawn<DocumentEvent>("gone", (self) => () => self.stop());
  play.document.tell({ type: "join", member: gone });
  play.document.tell({ type: "update", member: writer.ref, text: "one" });
  await writer.have("updated");
  const letters: unknown[] = [];
  play.system.events.subscribe((event) => void (event.type === "dead-letter" && letters.push(event)));
  play.document.tell({ type: "update", member: writer.ref, text: "two" });
  await writer.have("updated", 2);
  assertEquals(letters, []);
});

Deno.test("document: with the policy never nothing is synced before the end, with interval a little later", async () => {
  for (const sync of ["never", "interval"] as const) {
    const memory = new MemoryDisk();
    await using play = await stage(memory, sync);
    const [writer, reader] = [await play.member("writer"), await play.member("reader")];
    play.document.tell({ type: "update", member: writer.ref, text: "one" });
    await reader.have("updated");
    assertEquals(memory.syncs, 0);
    if (sync === "interval") {
      const synced = async () => {
        while (memory.syncs === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      };
      await deadline(synced(), 5000, "the sync");
    }
    await play.system.stop();
    assertEquals(memory.syncs, 1);
  }
});

Deno.test("document: a sync that fails later is told to the operator", async () => {
  const memory = new MemoryDisk();
  await using play = await stage(memory, "interval");
  const [writer, reader] = [await play.member("writer"), await play.member("reader")];
  memory.syncFailure = new WorldError("other", "Cannot sync doc: the disk is ill");
  play.document.tell({ type: "update", member: writer.ref, text: "one" });
  await reader.have("updated");
  const told = async () => {
    while (!play.logged.includes("[error] Cannot sync doc: the disk is ill")) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  await deadline(told(), 5000, "the error");
  memory.syncFailure = undefined;
  assertEquals(writer.events.some(({ type }) => type === "rejected"), false);
});

Deno.test("document: zeros that a crash has left in its file are said at the next start", async () => {
  const memory = new MemoryDisk();
  const log = await LogFile.open(memory.disk, "doc", { form: "text" });
  log.append("first");
  await log.sync();
  memory.edit("doc", (text) => `${text}\0\0\0\n`);
  await using play = await stage(memory);
  await play.member("reader");
  assert(play.logged.includes("[warn] 3 bytes of doc are NUL: lost in a crash, or saved by somebody"));
});
