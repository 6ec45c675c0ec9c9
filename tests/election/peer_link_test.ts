import { assert, assertEquals } from "@std/assert";
import { MAX_WAITING } from "../../actors/election/link_claims.ts";
import type {
  LinkConnectionCommand,
  LinkConnectionEvent,
  PeerLinkCommand,
  PeerLinkEvent,
} from "../../actors/election/link_messages.ts";
import { peerLink } from "../../actors/election/peer_link.ts";
import type { SimWorld } from "../../actors/world/sim/mod.ts";
import { ActorSystem, type Ref } from "../../mod.ts";
import { decodePeerMessage, encodePeerMessage, type PeerMessage } from "../../protocols/election_messages.ts";
import { greetingAnswer, nodeList } from "../../protocols/peer_link.ts";
import { readLines, writeAll } from "../sim/_harness.ts";
import { inWorlds } from "../_worlds.ts";
import { IDLE_BEAT } from "./_wire.ts";

const PORT = 8080;
const SILENCE_MS = 2000;
const [OWN_NONCE, THEIR_NONCE] = ["0a".repeat(16), "0b".repeat(16)];

/** The link of node 2 with node 1, alone. */
class LinkStage {
  readonly sim: SimWorld;
  readonly system: ActorSystem;
  readonly link: Ref<PeerLinkCommand>;
  /** What it tells its owner. */
  readonly events: string[] = [];

  constructor(sim: SimWorld) {
    this.sim = sim;
    this.system = new ActorSystem("link", { world: sim.host("n2").world });
    const owner = this.system.spawn<PeerLinkEvent>("owner", () => (event) => {
      this.events.push(event.type);
      if (event.type === "said") event.from.tell({ type: "go-on" });
    });
    this.link = this.system.spawn(
      "link",
      peerLink({
        ownId: 2,
        peer: { id: 1, address: { hostname: "n1", port: PORT } },
        nodes: nodeList([1, 2]),
        silenceMs: SILENCE_MS,
        secret: undefined,
        mayBeOld: false,
        owner,
      }),
    );
  }

  /**
   * A connection that somebody has dialled who says that it is node 1: what the link tells it, and how to
   * have something said on it.
   */
  accepted(name: string, nonce: string): { told: string[]; receive: (message: PeerMessage) => void } {
    const told: string[] = [];
    let link: Ref<LinkConnectionEvent> | undefined;
    const actor = this.system.spawn<LinkConnectionCommand>(name, () => (command) => {
      told.push(command.type === "say" ? command.message.type : command.type);
      if (command.type === "adopt") link = command.link;
    });
    const connection = { actor, remote: name };
    this.link.tell({ type: "accepted", connection, old: false, nonce });
    return { told, receive: (message) => link?.tell({ type: "received", connection, message }) };
  }
}

/** Node 1, which answers a greeting and says one thing; it confirms that it has dialled, when it is asked. */
class OtherNode {
  /** Connections that the link has dialled and not ended. */
  open = 0;

  constructor(sim: SimWorld) {
    const listener = sim.host("n1").world.net.listenTcp({ hostname: "::", port: PORT });
    const serve = async () => {
      for (;;) {
        const connection = await listener.accept();
        this.open++;
        const say = (text: string) => writeAll(connection, new TextEncoder().encode(text)).catch(() => {});
        await say(greetingAnswer(1, OWN_NONCE) + IDLE_BEAT);
        readLines(connection, (line) => {
          const message = line.startsWith("{") ? decodePeerMessage(line) : undefined;
          if (message?.type !== "claim") return;
          say(encodePeerMessage({ type: "claimed", nonce: message.nonce, yours: true }) + "\n");
        }).catch(() => {}).finally(() => this.open--);
      }
    };
    serve().catch(() => {});
  }
}

function inStages(use: (stage: LinkStage) => Promise<void>): Promise<void> {
  return inWorlds(async (sim) => {
    const stage = new LinkStage(sim);
    await use(stage);
    await sim.settle(stage.system.stop());
  });
}

Deno.test("peer link: a link on which nothing comes for silenceMs is down, though its connection stands", () =>
  inStages(async (stage) => {
    const other = new OtherNode(stage.sim);
    stage.link.tell({ type: "want", wanted: true });
    await stage.sim.until(() => stage.events.includes("link-up"), 1000);
    stage.link.tell({ type: "want", wanted: false });
    await stage.sim.advance(SILENCE_MS - 200);
    assertEquals([stage.events.includes("link-down"), other.open], [false, 1]);
    await stage.sim.advance(1000);
    assertEquals([stage.events.includes("link-down"), other.open], [true, 0]);
  }));

Deno.test("peer link: of two connections that crossed, both sides use the one that the lower ID has dialled", () =>
  inStages(async (stage) => {
    const other = new OtherNode(stage.sim);
    stage.link.tell({ type: "want", wanted: true });
    await stage.sim.until(() => stage.events.includes("link-up"), 1000);
    const { told, receive } = stage.accepted("crossed", THEIR_NONCE);
    await stage.sim.until(() => told.includes("welcome"), 1000);
    const message: PeerMessage = { type: "ack", term: 1, sentMs: 0 };
    stage.link.tell({ type: "say", message });
    receive(message);
    await stage.sim.advance(1000);
    assertEquals(told.includes("ack"), true);
    // What this node dialled is given up once the other one speaks on its own.
    assertEquals([other.open, told.includes("part")], [0, false]);
  }));

Deno.test("peer link: so many may wait for a proof that they are a node, and one more is sent away at once", () =>
  inStages(async (stage) => {
    // Nobody can say who it was that dialled: the way to node 1 is cut.
    stage.sim.host("n1");
    stage.sim.net.partition(["n1"], ["n2"]);
    const strangers = Array.from(
      { length: MAX_WAITING + 1 },
      (_, i) => stage.accepted(`stranger-${i}`, `${i}`),
    );
    await stage.sim.advance(10);
    const last = strangers.pop();
    assert(strangers.every(({ told }) => told.join() === "adopt"));
    assertEquals(last?.told, ["rejected", "part"]);
  }));
