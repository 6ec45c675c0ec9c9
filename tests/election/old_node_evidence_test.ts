import { assertEquals } from "@std/assert";
import { OldNodeEvidence } from "../../actors/election/old_node_evidence.ts";

Deno.test("old node evidence: silence alone proves nothing, and asks for a probe", () => {
  const evidence = new OldNodeEvidence();
  assertEquals([evidence.wantsProbe(999, 0), evidence.proof(999, 0)], [false, undefined]);
  assertEquals([evidence.wantsProbe(1000, 0), evidence.proof(1000, 0)], [true, undefined]);
  evidence.probed(false, 2000);
  assertEquals([evidence.wantsProbe(9000, 0), evidence.proof(9000, 0)], [true, undefined]);
});

Deno.test("old node evidence: a probe answered while a greeting is not proves it, after some time for the greeting's answer", () => {
  const evidence = new OldNodeEvidence();
  evidence.probed(true, 1000);
  assertEquals(evidence.proof(1499, 0), undefined);
  assertEquals(evidence.proof(1500, 0), "it answers SEND, and no greeting");
  // A greeting that was sent after the probe has its own time.
  assertEquals(evidence.proof(1500, 1200), undefined);
  // And with no greeting waiting there is nothing that it leaves unanswered.
  assertEquals(evidence.proof(9000, undefined), undefined);
});

Deno.test("old node evidence: somebody's word proves nothing before the node itself answers, and is forgotten when it does not", () => {
  const evidence = new OldNodeEvidence();
  evidence.claim();
  assertEquals([evidence.wantsProbe(0, undefined), evidence.proof(0, undefined)], [true, undefined]);
  for (let probe = 0; probe < 3; probe++) {
    assertEquals(evidence.isSuspected, true);
    evidence.probed(false, 0);
  }
  assertEquals([evidence.isSuspected, evidence.wantsProbe(0, undefined)], [false, false]);
  evidence.claim();
  evidence.probed(true, 0);
  assertEquals(evidence.proof(0, undefined), "it dials as old nodes do, and answers SEND");
});

Deno.test("old node evidence: one greeting closed without a word may be a dying process; two and an answer are an old node", () => {
  const evidence = new OldNodeEvidence();
  evidence.closeGreeting();
  assertEquals([evidence.wantsProbe(0, undefined), evidence.proof(0, undefined)], [true, undefined]);
  evidence.probed(false, 50);
  assertEquals([evidence.isSuspected, evidence.wantsProbe(50, undefined)], [false, false]);
  evidence.closeGreeting();
  evidence.probed(true, 100);
  assertEquals(evidence.proof(100, undefined), undefined);
  evidence.closeGreeting();
  assertEquals(evidence.proof(150, undefined), "it closes greetings without an answer, and answers SEND");
  evidence.clear();
  assertEquals([evidence.isSuspected, evidence.proof(9000, 0)], [false, undefined]);
});
