import { assertEquals } from "@std/assert";
import { OldNodeEvidence } from "../../actors/election/old_node_evidence.ts";

Deno.test("old node evidence: silence alone proves nothing, and asks for a probe", () => {
  const evidence = new OldNodeEvidence();
  evidence.greet();
  assertEquals([evidence.wantsProbe(999, 0), evidence.proof(999, 0)], [false, undefined]);
  assertEquals([evidence.wantsProbe(1000, 0), evidence.proof(1000, 0)], [true, undefined]);
  evidence.fail();
  assertEquals([evidence.wantsProbe(9000, 0), evidence.proof(9000, 0)], [true, undefined]);
});

Deno.test("old node evidence: a probe answered while a greeting is not proves it, after some time for the greeting's answer", () => {
  const evidence = new OldNodeEvidence();
  evidence.greet();
  evidence.answer(1000);
  assertEquals(evidence.proof(1499, 0), undefined);
  assertEquals(evidence.proof(1500, 0), "it answers SEND, and no greeting");
  // With no greeting waiting there is nothing that it leaves unanswered.
  assertEquals(evidence.proof(9000, undefined), undefined);
  // It may have answered before it was greeted again: that says nothing of the new greeting.
  evidence.greet();
  assertEquals([evidence.proof(9000, 2000), evidence.wantsProbe(9000, 2000)], [undefined, true]);
});

Deno.test("old node evidence: one that was a new node is greeted a second time, since a greeting may be lost", () => {
  const evidence = new OldNodeEvidence();
  evidence.answerGreeting();
  evidence.greet();
  evidence.answer(1000);
  assertEquals([evidence.proof(9000, 0), evidence.wantsGreeting], [undefined, true]);
  evidence.greet();
  assertEquals([evidence.wantsGreeting, evidence.wantsProbe(1299, 1000)], [false, false]);
  assertEquals([evidence.wantsProbe(1300, 1000), evidence.proof(9000, 1000)], [true, undefined]);
  evidence.answer(1300);
  assertEquals([evidence.proof(1799, 1000), evidence.wantsGreeting], [undefined, false]);
  assertEquals(evidence.proof(1800, 1000), "it answers SEND, and no greeting");
});

Deno.test("old node evidence: one that closes after its list, as new nodes do, is greeted a second time", () => {
  const evidence = new OldNodeEvidence();
  evidence.greet();
  evidence.answer(1000, true);
  assertEquals([evidence.wantsGreeting, evidence.proof(9000, 0)], [true, undefined]);
  evidence.greet();
  assertEquals([evidence.wantsGreeting, evidence.proof(9000, 1000)], [false, undefined]);
  evidence.answer(1300, true);
  assertEquals([evidence.wantsGreeting, evidence.proof(1799, 1000)], [false, undefined]);
  assertEquals(evidence.proof(1800, 1000), "it answers SEND, and no greeting");
});

Deno.test("old node evidence: a list from before a greeting says nothing of it, also after one that was closed", () => {
  const evidence = new OldNodeEvidence();
  evidence.greet();
  evidence.closeGreeting();
  evidence.answer(100);
  evidence.greet();
  assertEquals([evidence.proof(9000, 200), evidence.wantsProbe(201, 200)], [undefined, true]);
  evidence.answer(300);
  assertEquals([evidence.proof(799, 200), evidence.wantsProbe(301, 200)], [undefined, false]);
  assertEquals(evidence.proof(800, 200), "it answers SEND, and no greeting");
});

Deno.test("old node evidence: somebody's word proves nothing, also while the node itself answers; it hastens the proof", () => {
  const evidence = new OldNodeEvidence();
  evidence.claim();
  assertEquals([evidence.isClaimed, evidence.wantsProbe(0, undefined)], [true, false]);
  evidence.greet();
  assertEquals(evidence.wantsProbe(10, 10), true);
  evidence.answer(20);
  assertEquals([evidence.proof(20, 10), evidence.proof(519, 10)], [undefined, undefined]);
  assertEquals(evidence.proof(520, 10), "it answers SEND, and no greeting");
});

Deno.test("old node evidence: somebody's word is forgotten when the node cannot be reached", () => {
  const evidence = new OldNodeEvidence();
  evidence.claim();
  for (let failure = 0; failure < 8; failure++) {
    assertEquals(evidence.isClaimed, true);
    evidence.fail();
  }
  assertEquals(evidence.isClaimed, false);
});

Deno.test("old node evidence: one greeting closed without a word may be a dying process; two and an answer are an old node", () => {
  const evidence = new OldNodeEvidence();
  evidence.greet();
  evidence.closeGreeting();
  assertEquals([evidence.awaitsProbe, evidence.wantsProbe(0, undefined), evidence.proof(0, undefined)], [
    true,
    true,
    undefined,
  ]);
  evidence.fail();
  assertEquals([evidence.awaitsProbe, evidence.wantsProbe(50, undefined)], [false, false]);
  evidence.greet();
  evidence.closeGreeting();
  evidence.answer(100);
  assertEquals([evidence.awaitsProbe, evidence.proof(100, undefined)], [false, undefined]);
  evidence.greet();
  evidence.closeGreeting();
  assertEquals(evidence.proof(150, undefined), "it answers SEND, and closes greetings without a word");
  evidence.clear();
  assertEquals(evidence.proof(9000, 0), undefined);
});
