/**
 * The log that several nodes of one machine share, under chaos: whoever has a later token wins, also over one
 * that was frozen, and what a person does to the file is put right.
 *
 * @module
 */
import { assert } from "@std/assert";
import { fileLog, type FileLogCommand, type FileLogReply } from "../../actors/election/file_log.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem, type Ref, type World } from "../../mod.ts";
import { ANY_DISK_OPERATION, type Campaign } from "./_harness.ts";

const LOG = "/data/Peer_files.log";
const NODES = [1, 2, 3];
const STEPS = 60;
/**
 * Each node that wrote looks every 2 s whether its log is still there. One that came late may write once more
 * before it learns of its successor, which then puts that right.
 */
const SETTLED_MS = 4500;

/** The log as it is. */
export const electionLog: Campaign = {
  name: "election's log under chaos",
  sometimes: [
    ...["a stale leader was refused", "another leader of the same term was refused", "a write failed"],
    ...["a person changed the log", "a person removed the log's token", "a frozen leader came late"],
    ...["fault: power cut", "fault: killed", "fault: crash during write", "fault: rename fails"],
  ],
  run,
};

/** Who may write: as the token's file has it, written by the test's own hand. */
interface Token {
  readonly term: number;
  readonly leader: number;
}

async function run(sim: SimWorld): Promise<void> {
  const machine = sim.host("machine");
  machine.disk.makeDirectory("/data");
  const nodes = new Nodes(sim, machine);
  for (let step = 0; step < STEPS; step++) await nodes.step();
  await nodes.settle();
}

class Nodes {
  readonly #sim: SimWorld;
  readonly #machine: SimHost;
  #logs = new Map<number, Ref<FileLogCommand>>();
  /** The latest token that has written for sure; what is lost with the power is not. */
  #written: Token = { term: 0, leader: 0 };
  /** The latest token that a node was asked to write with, since the last restart and before. */
  #tried: Token = { term: 0, leader: 0 };
  /** A node knows that the log is its own, and looks after it. */
  #hasWriter = false;
  /** The token's file may not say what was written last. */
  #isTokenLost = false;
  #text = "";
  #count = 0;

  constructor(sim: SimWorld, machine: SimHost) {
    this.#sim = sim;
    this.#machine = machine;
    machine.start((world) => this.#start(world));
  }

  #start(world: World): ActorSystem {
    const system = new ActorSystem("nodes", { world });
    this.#logs = new Map(NODES.map((id) => [id, system.spawn(`log-${id}`, fileLog(LOG, id))]));
    return system;
  }

  /** One thing happens. */
  async step(): Promise<void> {
    const { random } = this.#sim;
    const chance = random.next();
    if (chance < 0.5) await this.#elected();
    else if (chance < 0.7) await this.#stale();
    else if (chance < 0.8) await this.#frozen();
    else if (chance < 0.87) await this.#byHand();
    else if (chance < 0.93) await this.#fails();
    else await this.#restart();
  }

  /** A node with this term writes. */
  #write(leader: number, term: number): Promise<FileLogReply> {
    const log = this.#logs.get(leader);
    assert(log !== undefined);
    const text = `Leader Node ${leader} files, number ${++this.#count}\n`;
    if (supersedes({ term, leader }, this.#tried)) this.#tried = { term, leader };
    return log.ask<FileLogReply>((replyTo) => ({ type: "write", term, fenced: true, text, replyTo }), {
      timeoutMs: 60_000,
    }).then((reply) => {
      this.#hasWriter = reply.type === "log-written";
      if (reply.type === "log-written") {
        this.#written = { term, leader };
        this.#text = text;
        this.#isTokenLost = false;
        // Its own later token is known to a node whose write failed, and may be on the disk.
      } else if (reply.type === "log-failed") this.#isTokenLost = true;
      this.#sim.sometimes("a write failed", reply.type === "log-failed");
      return reply;
    });
  }

  async #ask(leader: number, term: number): Promise<FileLogReply | undefined> {
    return await this.#sim.settle(this.#write(leader, term).catch(() => undefined), 70_000);
  }

  /** The next leader writes; nobody has a later token. */
  async #elected(): Promise<void> {
    const leader = this.#sim.random.pick(NODES);
    const term = this.#tried.term + this.#sim.random.integer(1, 3);
    const reply = await this.#ask(leader, term);
    assert(reply?.type !== "log-refused", `the leader of term ${term} was refused`);
  }

  /** One whose token is not the latest, and has known so: it writes nothing. */
  async #stale(): Promise<void> {
    const { term, leader } = this.#written;
    if (term === 0 || this.#isTokenLost) return;
    const isSameTerm = this.#sim.random.chance(0.4);
    const staleTerm = isSameTerm ? term : this.#sim.random.integer(1, term);
    const staleLeader = isSameTerm
      ? this.#sim.random.pick(NODES.filter((id) => id !== leader))
      : this.#sim.random.pick(NODES);
    if (staleTerm === term && staleLeader === leader) return;
    const before = this.#machine.disk.readText(LOG);
    const reply = await this.#ask(staleLeader, staleTerm);
    assert(
      reply?.type !== "log-written",
      `node ${staleLeader} wrote in term ${staleTerm} after ${leader} in ${term}`,
    );
    this.#sim.sometimes("a stale leader was refused", reply?.type === "log-refused" && !isSameTerm);
    this.#sim.sometimes(
      "another leader of the same term was refused",
      reply?.type === "log-refused" && isSameTerm,
    );
    if (reply?.type === "log-refused") {
      assert(this.#machine.disk.readText(LOG) === before, "a refused write has changed the log");
    }
    // It takes the log for another's from now on.
    if (staleLeader === leader) await this.#elected();
  }

  /** A leader that was in the middle of a write when another one took over. */
  async #frozen(): Promise<void> {
    const { random } = this.#sim;
    const [late, next] = random.shuffle(NODES);
    if (late === undefined || next === undefined) return;
    const term = this.#tried.term + 1;
    this.#machine.disk.slowness = random.between(1, 200);
    const frozen = this.#write(late, term).catch(() => undefined);
    await this.#sim.advance(random.between(0, 20));
    const reply = await this.#ask(next, term + 1);
    const [lateReply] = [await this.#sim.settle(frozen, 70_000)];
    this.#machine.disk.slowness = 1;
    assert(reply?.type !== "log-refused", `the leader of term ${term + 1} was refused`);
    if (reply?.type !== "log-written" || lateReply?.type !== "log-written") return;
    // Both were under way at once: the later token's is what stays.
    this.#written = { term: term + 1, leader: next };
    this.#sim.sometimes("a frozen leader came late");
    await this.#sim.advance(SETTLED_MS);
    const text = this.#machine.disk.readText(LOG) ?? "";
    assert(text.startsWith(`Leader Node ${next} `), `the log of term ${term + 1} has become ${text}`);
    this.#text = text;
  }

  /** Somebody edits the log, removes it, or the token's file. */
  async #byHand(): Promise<void> {
    const { disk } = this.#machine;
    const { random } = this.#sim;
    if (this.#written.term === 0 || this.#isTokenLost || disk.readText(LOG) === undefined) return;
    if (random.chance(0.4)) {
      // The nodes that run know the token all the same: who wrote with it, and who was refused for it.
      const { term, leader } = this.#written;
      const other = random.pick(NODES.filter((id) => id !== leader));
      const refused = term > 1 ? await this.#ask(other, term - 1) : undefined;
      if (disk.read(`${LOG}.term`) !== undefined) disk.remove(`${LOG}.term`);
      this.#sim.sometimes("a person removed the log's token");
      if (refused?.type === "log-refused") {
        const again = await this.#ask(other, term - 1);
        assert(again?.type !== "log-written", `node ${other} has forgotten that it was refused`);
      }
      const reply = await this.#ask(leader, term);
      assert(reply?.type !== "log-refused", `the leader of term ${term} was refused its own log`);
      const stale = await this.#ask(leader, Math.max(1, term - 1));
      assert(term === 1 || stale?.type !== "log-written", "a node has forgotten its own later token");
      if (reply?.type !== "log-written") this.#isTokenLost = true;
      return await this.#elected();
    }
    const isWriter = this.#hasWriter && disk.readText(LOG) === this.#text;
    if (random.chance(0.5)) disk.remove(LOG);
    else disk.write(LOG, "somebody was here\n".repeat(random.integer(1, 4)));
    if (!isWriter) return;
    this.#sim.sometimes("a person changed the log");
    await this.#sim.advance(SETTLED_MS);
    assert(disk.readText(LOG) === this.#text, `the log was changed, and is ${disk.readText(LOG)}`);
  }

  /** A write fails somewhere; what is on the disk then is the old log or the new one. */
  async #fails(): Promise<void> {
    const { random } = this.#sim;
    const { disk } = this.#machine;
    disk.failNext(random.pick(ANY_DISK_OPERATION), "other", { dropsPages: random.chance(0.5) });
    const reply = await this.#ask(random.pick(NODES), this.#tried.term + 1);
    disk.forgetFailures();
    if (reply?.type !== "log-written") this.#isTokenLost = true;
    this.#text = disk.readText(LOG) ?? "";
    // Its author may be another now, which puts right what it takes for wrong.
    await this.#elected();
  }

  /** The machine loses its power, or the process dies, in the middle of a write or between. */
  async #restart(): Promise<void> {
    const { random } = this.#sim;
    const how = random.chance(0.6) ? "crash" : "kill";
    this.#machine.crashAt({
      when: random.pick(["before", "during", "after"]),
      skip: random.integer(0, 12),
      how,
    });
    const under = this.#write(random.pick(NODES), this.#tried.term + 1).catch(() => undefined);
    void under;
    await this.#sim.until(() => !this.#machine.isUp, 300).catch(() => {});
    this.#machine.disk.forgetFailures();
    const before = this.#written;
    if (how === "crash") this.#machine.crash();
    else this.#machine.kill();
    this.#machine.restart();
    this.#hasWriter = false;
    // What was answered before is durable, also to those who have just begun: a stale one is refused.
    this.#written = before;
    if (!this.#isTokenLost && before.term > 1) {
      const [other] = random.shuffle(NODES);
      const reply = await this.#ask(other ?? 1, before.term - 1);
      assert(reply?.type !== "log-written", `after a restart term ${before.term} is forgotten`);
    }
    await this.#elected();
  }

  /** In the end the log is that of the latest token. */
  async settle(): Promise<void> {
    // Another node that begins may take away a file that is not locked yet: then it is written again.
    do await this.#elected(); while (!this.#hasWriter);
    await this.#sim.advance(SETTLED_MS);
    const { disk } = this.#machine;
    assert(disk.readText(LOG) === this.#text, `the log is not the last leader's: ${disk.readText(LOG)}`);
    const { term, leader } = this.#written;
    assert(disk.readText(`${LOG}.term`) === `${term} ${leader}\n`, "the token is not the last leader's");
    assert(disk.names("/data").length === 2, `something is left: ${disk.names("/data")}`);
  }
}

function supersedes(token: Token, other: Token): boolean {
  return token.term > other.term;
}
