import { assertEquals } from "@std/assert";
import { GroupCommit } from "../../actors/store/_group_commit.ts";

Deno.test("group commit: what is to be alone waits for the commit under way and for who waits behind it", async () => {
  const happened: string[] = [];
  const commits: PromiseWithResolvers<void>[] = [];
  const group = new GroupCommit<void>({
    commit: async (durable) => {
      const commit = Promise.withResolvers<void>();
      commits.push(commit);
      happened.push(`commit begins, ${durable ? "durable" : "not durable"}`);
      await commit.promise;
      happened.push("commit ends");
    },
    refusal: () => undefined,
  });
  const first = group.request(false);
  const second = group.request(true);
  const alone = group.alone(() => {
    happened.push("alone");
    return Promise.resolve("done");
  });
  commits[0]?.resolve();
  await first;
  // The second begins once the first is over.
  while (commits.length < 2) await Promise.resolve();
  commits[1]?.resolve();
  assertEquals([await second, await alone], [undefined, "done"]);
  assertEquals(happened, [
    ...["commit begins, not durable", "commit ends", "commit begins, durable", "commit ends"],
    "alone",
  ]);
});

Deno.test("group commit: who asks while something is alone waits for it", async () => {
  const happened: string[] = [];
  const group = new GroupCommit<void>({
    commit: () => {
      happened.push("commit");
      return Promise.resolve();
    },
    refusal: () => undefined,
  });
  const work = Promise.withResolvers<void>();
  const alone = group.alone(async () => {
    await work.promise;
    happened.push("alone");
  });
  const commit = group.request(true);
  work.resolve();
  await Promise.all([alone, commit]);
  assertEquals(happened, ["alone", "commit"]);
});
