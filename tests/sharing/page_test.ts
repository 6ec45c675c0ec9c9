import { assert, assertEquals, assertMatch } from "@std/assert";
import { loadStaticFiles } from "../../actors/net/mod.ts";
import { denoWorld } from "../../actors/world/deno/mod.ts";
import { readPageFile } from "../../tasks/_page_files.ts";
import { available, root, startProcess, until } from "../_helpers.ts";
import { SharingNetwork, someBytes } from "./_network.ts";

const NAME = 'one & <b>"two".bin';

Deno.test("swarm page: every node tells as JSON what files there are, and who has which pieces", async () => {
  await using network = await SharingNetwork.create(2);
  await network.write(1, NAME, someBytes(400_000));
  network.start(1, { maxUpload: 200_000 });
  network.start(2);
  network.lead(1);
  await network.offers(NAME);
  const fetching = network.running.get(2)?.get(NAME);
  await until(async () => {
    const view = await (await fetch(network.url(2, "/swarm.json"))).json();
    assertEquals([view.node, view.leader, view.trackers[0]], [2, 1, network.url(1, "/announce")]);
    assertEquals(view.files.map((file: { name: string }) => file.name), [NAME]);
    const [seed, fetcher] = view.nodes.map(({ torrents }: { torrents: { peers: unknown[] }[] }) =>
      torrents[0]
    );
    return seed?.peers.length === 1 && fetcher?.peers.length === 1 && fetcher.haveBytes > 0 &&
      fetcher.haveBytes < 400_000 && atob(seed.pieces).length === 4;
  }, "both nodes showing the download");
  assertEquals((await fetching)?.end.type, "download-done");
});

Deno.test({
  name: "swarm page: a browser shows files, links and the pieces of who takes part",
  ignore: !await available("chromium", "--version"),
  fn: async () => {
    await using network = await SharingNetwork.create(2);
    const pages = network.file("page");
    await buildPage(pages);
    const page = await loadStaticFiles(denoWorld(), pages);
    await network.write(1, NAME, someBytes(2_000_000));
    network.start(1, { maxUpload: 250_000, page });
    network.start(2);
    network.lead(1);
    const { infoHash } = await network.offers(NAME);
    const fetching = network.running.get(2)?.get(NAME);
    await using browser = startProcess("chromium", [
      ...[
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--virtual-time-budget=3000",
      ],
      ...[`--user-data-dir=${network.file("profile")}`, "--dump-dom", network.url(1, "/")],
    ]);
    const { stdout } = await browser.ended();
    assertMatch(stdout, /Node 1\. Node 1 leads\./);
    assert(stdout.includes('one &amp; &lt;b&gt;"two".bin'), "a name is text");
    assert(stdout.includes(`magnet:?xt=urn:btih:${infoHash}`));
    assert(stdout.includes(`/torrents/${encodeURIComponent(NAME)}.torrent`));
    assertEquals((await fetching)?.end.type, "download-done");
    assertMatch(stdout, /<canvas [^>]*aria-label="Pieces of Node 1: \d+ of \d+"/);
  },
});

/** The page as `deno task pages` makes it, but for names and compression. */
async function buildPage(directory: string): Promise<void> {
  await Deno.mkdir(`${directory}/assets`, { recursive: true });
  const source = `${root}pages/swarm`;
  for (
    const [name, target] of [["style.css", "assets/"], ["icon.svg", "assets/"], ["index.html", ""]] as const
  ) {
    await Deno.writeTextFile(`${directory}/${target}${name}`, await readPageFile("swarm", name));
  }
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "-q", "--platform=browser", "-o", `${directory}/assets/main.js`, `${source}/main.ts`],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
}
