import { assert, assertEquals } from "@std/assert";
import { MAX_WAITING } from "../../actors/election/link_claims.ts";
import type {
  LinkConnectionCommand,
  LinkConnectionEvent,
  PeerLinkCommand,
  PeerLinkEvent,
} from "../../actors/election/link_messages.ts";
import type { DirectoryCommand } from "../../actors/election/directory_watcher.ts";
import { peerLink } from "../../actors/election/peer_link.ts";
import { type PeerAccepted, peerListener } from "../../actors/election/peer_listener.ts";
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

/** How a node is linked with the other one of two. */
interface LinkStageOptions {
  /** @default 2 */
  readonly ownId?: 1 | 2;
  /** @default false */
  readonly mayBeOld?: boolean;
}

/** The link of one node of two with the other, alone. */
class LinkStage {
  readonly sim: SimWorld;
  readonly system: ActorSystem;
  readonly link: Ref<PeerLinkCommand>;
  /** What it tells its owner. */
  readonly events: string[] = [];

  constructor(sim: SimWorld, { ownId = 2, mayBeOld = false }: LinkStageOptions = {}) {
    this.sim = sim;
    this.system = new ActorSystem("link", { world: sim.host("own").world });
    const owner = this.system.spawn<PeerLinkEvent>("owner", () => (event) => {
      this.events.push(event.type);
      if (event.type === "said") event.from.tell({ type: "go-on" });
    });
    this.link = this.system.spawn(
      "link",
      peerLink({
        ownId,
        peer: { id: 3 - ownId, address: { hostname: "other", port: PORT } },
        nodes: nodeList([1, 2]),
        silenceMs: SILENCE_MS,
        secret: undefined,
        mayBeOld,
        owner,
      }),
    );
  }

  /**
   * A connection that somebody has dialled who says that it is the other node: what the link tells it, and
   * how to have something said on it.
   */
  accepted(name: string, nonce: string, old = false): Accepted {
    const told: string[] = [];
    let link: Ref<LinkConnectionEvent> | undefined;
    const actor = this.system.spawn<LinkConnectionCommand>(name, () => (command) => {
      told.push(command.type === "say" ? command.message.type : command.type);
      if (command.type === "adopt") link = command.link;
    });
    const connection = { actor, remote: name };
    this.link.tell({ type: "accepted", connection, old, nonce });
    return { told, receive: (message) => link?.tell({ type: "received", connection, message }) };
  }
}

interface Accepted {
  readonly told: string[];
  readonly receive: (message: PeerMessage) => void;
}

/** The other node answers a greeting, says one thing, and confirms that it has dialled when it is asked. */
class OtherNode {
  /** Connections that the link has dialled and not ended. */
  open = 0;
  /** What it was told on them. */
  readonly told: string[] = [];

  /** `deaf` connections it ends without a word first, as a process does that dies. */
  constructor(sim: SimWorld, { id = 1, deaf = 0 }: { readonly id?: number; readonly deaf?: number } = {}) {
    const listener = sim.host("other").world.net.listenTcp({ hostname: "::", port: PORT });
    const serve = async () => {
      for (; deaf > 0; deaf--) await (await listener.accept()).closeWrite();
      for (;;) {
        const connection = await listener.accept();
        this.open++;
        const say = (text: string) => writeAll(connection, new TextEncoder().encode(text)).catch(() => {});
        await say(greetingAnswer(id, OWN_NONCE) + IDLE_BEAT);
        readLines(connection, (line) => {
          const message = line.startsWith("{") ? decodePeerMessage(line) : null;
          if (message === null) return;
          this.told.push(message.type);
          if (message.type !== "claim") return;
          say(encodePeerMessage({ type: "claimed", nonce: message.nonce, yours: true }) + "\n");
        }).catch(() => {}).finally(() => this.open--);
      }
    };
    serve().catch(() => {});
  }
}

function inStages(
  use: (stage: LinkStage) => Promise<void>,
  options: LinkStageOptions = {},
): Promise<void> {
  return inWorlds(async (sim) => {
    const stage = new LinkStage(sim, options);
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

Deno.test("peer link: a node that ends greetings without a word, as it dies, is dialled until it is there", () =>
  inStages(async (stage) => {
    new OtherNode(stage.sim, { deaf: 3 });
    stage.link.tell({ type: "want", wanted: true });
    await stage.sim.until(() => stage.events.includes("link-up"), 5000);
  }));

/** A link that has dialled, and that the other node has dialled too. */
async function crossed(stage: LinkStage, otherId = 1): Promise<Accepted & { readonly other: OtherNode }> {
  const other = new OtherNode(stage.sim, { id: otherId });
  stage.link.tell({ type: "want", wanted: true });
  await stage.sim.until(() => stage.events.includes("link-up"), 1000);
  const accepted = stage.accepted("crossed", THEIR_NONCE);
  await stage.sim.until(() => accepted.told.includes("welcome"), 1000);
  return { other, ...accepted };
}

const ACK: PeerMessage = { type: "ack", term: 1, sentMs: 0 };

for (const ownId of [1, 2] as const) {
  Deno.test(`peer link: of two connections that crossed, node ${ownId} of two uses the one that the lower ID has dialled`, () =>
    inStages(async (stage) => {
      const { other, told, receive } = await crossed(stage, 3 - ownId);
      stage.link.tell({ type: "say", message: ACK });
      receive(ACK);
      await stage.sim.advance(1000);
      assertEquals([other.told, told].map((messages) => messages.includes("ack")), [
        ownId === 1,
        ownId === 2,
      ]);
      // What the higher ID has dialled it gives up itself, once the other one speaks on its own.
      assertEquals([other.open, told.includes("part")], [ownId === 1 ? 1 : 0, false]);
    }, { ownId }));
}

Deno.test("peer link: a link with two connections is up while it is heard on one of them, and both end at once", () =>
  inStages(async (stage) => {
    const { other, told, receive } = await crossed(stage, 2);
    stage.link.tell({ type: "want", wanted: false });
    for (let heard = 0; heard < 10; heard++) {
      await stage.sim.advance(SILENCE_MS / 2);
      receive(ACK);
    }
    await stage.sim.advance(SILENCE_MS / 2);
    assertEquals([stage.events.includes("link-down"), other.open, told.includes("part")], [false, 1, false]);
    await stage.sim.until(() => told.includes("part") || other.open === 0, SILENCE_MS);
    await stage.sim.advance(50);
    assertEquals([stage.events.includes("link-down"), told.includes("part"), other.open], [true, true, 0]);
  }, { ownId: 1 }));

for (const old of [false, true]) {
  const as = old ? "an old" : "a new";
  Deno.test(`peer link: so many may wait for a proof that they are ${as} node, and one more is sent away at once`, () =>
    inStages(async (stage) => {
      // Nobody can say who it was that dialled: the way to the other node is cut.
      stage.sim.host("other");
      stage.sim.net.partition(["other"], ["own"]);
      const strangers = Array.from(
        { length: MAX_WAITING + 1 },
        (_, i) => stage.accepted(`stranger-${i}`, old ? "" : `${i}`, old),
      );
      await stage.sim.advance(10);
      const last = strangers.pop();
      assert(strangers.every(({ told }) => told.join() === "adopt"));
      assertEquals(last?.told, ["rejected", "part"]);
    }, { mayBeOld: old }));
}

/** The other node listens: it answers greetings, and `SEND`. Gives how often it was asked for its list. */
function listens(sim: SimWorld): () => number {
  const system = new ActorSystem("other", { world: sim.host("other").world });
  let asked = 0;
  const directory = system.spawn<DirectoryCommand>("directory", () => (command) => {
    if (command.type !== "list") return;
    asked++;
    command.replyTo.tell({ type: "directory-list", bytes: new Uint8Array() });
  });
  const owner = system.spawn<PeerAccepted>("owner", () => ({ connection }) => {
    connection.actor.tell({ type: "say", message: { type: "welcome" } });
  });
  const address = { hostname: "::", port: PORT };
  const options = { ownId: 1, nodes: nodeList([1, 2]), address, secret: undefined, owner, directory };
  system.spawn("listener", peerListener(options));
  return () => asked;
}

Deno.test("peer link: a new node that answers SEND while a greeting is lost on its way is not taken for an old one", () =>
  inStages(async ({ sim, link, events }) => {
    const asked = listens(sim);
    await sim.advance(10);
    link.tell({ type: "want", wanted: true });
    const isDialled = () => sim.trace.last(1).some(({ event }) => event.includes(" connects to "));
    await sim.until(isDialled, 1000);
    const cut = sim.net.partition(["own"], ["other"]);
    // It is asked for its list at its first address, in vain, and soon at its second one.
    await sim.advance(1950);
    assertEquals([events, asked()], [["link-started"], 0]);
    cut.heal();
    await sim.advance(3000);
    assertEquals([asked() > 0, events.includes("old-up"), events.includes("link-up")], [true, false, true]);
  }, { mayBeOld: true }));
