/**
 * The store's files under chaos: logs of both forms and files that are replaced whole, over many lives of one
 * machine. What was acknowledged is there, in its order; nothing is made up; what damage costs is little.
 * Beside it a text that people write into while it is open, and logs longer than what is read at a time.
 *
 * @module
 */
import { assert } from "@std/assert";
import { LogFile, LogFileError } from "../../actors/store/mod.ts";
import type { SimHost, SimWorld } from "../../actors/world/sim/mod.ts";
import type { Campaign } from "./_harness.ts";
import { LogModel, SIGNATURE } from "./_log_model.ts";
import { longLog } from "./_long_log.ts";
import { Settings } from "./_replaced_file.ts";
import { SharedText } from "./_shared_text.ts";

const LIVES = 12;
const TEARING = { sectorsOutOfOrder: 0.4, lengthBeforeData: 0.4 };

/** The store as it is. */
export const store: Campaign = {
  name: "store under chaos",
  sometimes: [
    ...["a batch failed", "a log was written anew", "a bit cost a record", "a person typed half a line"],
    "a person shortened the last line",
    ...["records were lost that nobody was told of", "a file was replaced", "a log was closed in good order"],
    ...["all was flushed when a log was closed", "a batch was flushed at once"],
    ...["a sync failed when a log was closed", "somebody wrote into an open log"],
    "somebody wrote behind an open log",
    ...["fault: power cut leaves garbage", "fault: power cut leaves length before data"],
    ...["fault: sync fails, pages dropped", "fault: write fails", "fault: bit rot", "fault: killed"],
    ...["fault: crash after write", "fault: crash before sync", "fault: crash after rename"],
    ...["fault: read fails", "somebody appended to an open text", "somebody saved an open text in place"],
    ...["somebody corrected a line of an open text", "somebody put another file in an open text's place"],
    ...["a person saved a text that was being opened", "the power went while a text was opened"],
    "a process ended in the middle of a commit of a shared text",
    "what waited behind a commit that failed was committed",
  ],
  run,
};

async function run(sim: SimWorld): Promise<void> {
  const host = sim.host("machine");
  host.disk.makeDirectory("/data");
  const framed = new LogModel(sim, host, "framed");
  const text = new LogModel(sim, host, "text");
  const settings = new Settings(sim, host);
  // A text has no checksums that could tell garbage from it.
  const isText = sim.random.chance(0.5);
  const model = isText ? text : framed;
  host.disk.tearing = { ...TEARING, garbage: isText ? 0 : 0.4 };
  await checkForeign(sim, host);
  let wasKilled = false;
  for (let life = 0; life < LIVES; life++) {
    const { random } = sim;
    host.restart((world) => {
      void model.live(world);
      void settings.live(world);
    });
    if (random.chance(0.2)) {
      await sim.advance(random.between(5, 60));
      const isClosed = await model.close();
      // All is on the disk: the power may go, too.
      if (random.chance(0.5)) {
        host.crash();
        model.powerGone();
      } else host.kill();
      if (isClosed) model.atRest();
      else model.afterCrash();
      wasKilled = false;
      continue;
    }
    // What a killed process left was read by the next, and has not reached the disk when the power goes.
    const isAimed: boolean = wasKilled && random.chance(0.5);
    const how: "crash" | "kill" = isAimed || random.chance(0.6) ? "crash" : "kill";
    wasKilled = how === "kill";
    if (isAimed) {
      await sim.until(() => model.isOpen, 100).catch(() => {});
      host.crashAt({ when: random.pick(["before", "after"] as const), skip: random.integer(0, 2), how });
    } else {
      const when = random.pick(["before", "during", "after"] as const);
      // Half of the lives are short: what the one before has left was hardly looked at.
      host.crashAt({ when, skip: random.chance(0.5) ? random.integer(0, 8) : random.integer(0, 60), how });
    }
    await sim.until(() => !host.isUp, random.between(5, 100)).catch(() => {});
    if (how === "crash") {
      host.crash();
      model.powerGone();
    } else host.kill();
    host.disk.forgetFailures();
    model.afterCrash();
    settings.check();
  }
  host.restart(() => {});
  await sim.settle(model.open(host.world));
  await sim.settle(model.shut());
  await new SharedText(sim, sim.host("desk")).run();
  await longLog(sim, sim.host("archive"));
}

/** Another's file is not taken for a log, and stays as it is. */
async function checkForeign(sim: SimWorld, host: SimHost): Promise<void> {
  const content = "Dear diary, today somebody tried to open this as a log.\n".repeat(3);
  host.disk.write("/data/diary", content);
  const opened = LogFile.open(host.world.disk, "/data/diary", { form: "framed", signature: SIGNATURE });
  const refused = await sim.settle(opened.then(() => false, (error) => error instanceof LogFileError));
  assert(refused, "a foreign file was taken for a log");
  assert(host.disk.readText("/data/diary") === content, "a foreign file was changed");
}
