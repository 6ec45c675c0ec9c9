/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The page of a swarm: what files there are, who has which pieces, and how fast they go.
 *
 * @module
 */
import { formatByteSize } from "../../protocols/byte_size.ts";
import { element, formatRate, setChildren } from "./dom.ts";
import { pieceStrip } from "./piece_strip.ts";
import type { SwarmFile, SwarmTorrent, SwarmView } from "./view.ts";

const INTERVAL_MS = 1000;
const RETRY_MS = 3000;

/** Where the page shows something. */
function place(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new TypeError(`Cannot show the swarm: the page has no #${id}`);
  return found;
}

const state = place("state");
const files = place("files");
const torrents = place("torrents");

async function update(): Promise<void> {
  let delayMs = INTERVAL_MS;
  try {
    const response = await fetch("/swarm.json", { cache: "no-store" });
    if (!response.ok) throw new Error(await response.text());
    const view: SwarmView = await response.json();
    show(view);
  } catch {
    state.textContent = "This node does not answer. Trying again.";
    delayMs = RETRY_MS;
  }
  setTimeout(update, document.hidden ? RETRY_MS : delayMs);
}

function show(view: SwarmView): void {
  const away = view.nodes.filter(({ torrents }) => torrents === null).map(({ id }) => id);
  const leader = view.leader === null ? "No leader is elected now." : `Node ${view.leader} leads.`;
  state.textContent = `Node ${view.node}. ${leader}` +
    (away.length === 0 ? "" : ` Away: Node ${away.join(", ")}.`);
  setChildren(
    files,
    view.files.length === 0 ? [element("p", "Nobody has a file.", "faint")] : [fileTable(view)],
  );
  const all = view.nodes.flatMap(({ id, torrents }) => (torrents ?? []).map((torrent) => ({ id, torrent })))
    .filter(({ torrent }) => torrent.peers.length > 0 || torrent.state !== "seeding");
  setChildren(
    torrents,
    all.length === 0
      ? [element("p", "Nothing is being fetched.", "faint")]
      : all.map(({ id, torrent }) => torrentView(id, torrent)),
  );
}

function fileTable(view: SwarmView): HTMLElement {
  const head = element("tr");
  for (
    const [text, kind] of [["Name", ""], ["Size", "number"], ["Who has it", ""], ["Take it", ""]] as const
  ) {
    head.append(element("th", text, kind));
  }
  const table = element("table");
  table.append(head, ...view.files.map((file) => fileRow(file, view)));
  const scroll = element("div", "", "scroll");
  scroll.append(table);
  return scroll;
}

function fileRow(file: SwarmFile, view: SwarmView): HTMLElement {
  const row = element("tr");
  const links = element("td");
  const torrent = element("a", ".torrent");
  torrent.href = `/torrents/${encodeURIComponent(file.name)}.torrent`;
  const magnet = element("a", "magnet");
  const trackers = view.trackers.map((url) => `&tr=${encodeURIComponent(url)}`).join("");
  magnet.href = `magnet:?xt=urn:btih:${file.infoHash}&dn=${encodeURIComponent(file.name)}${trackers}`;
  links.append(torrent, " ", magnet);
  row.append(
    element("td", file.name),
    element("td", formatByteSize(file.bytes), "number"),
    element("td", `Node ${file.nodes.join(", ")}`),
    links,
  );
  return row;
}

function torrentView(node: number, torrent: SwarmTorrent): HTMLElement {
  const section = element("section");
  const percent = torrent.length === 0 ? 100 : Math.floor(100 * torrent.haveBytes / torrent.length);
  const rates = `${formatRate(torrent.downloadRate)} in, ${formatRate(torrent.uploadRate)} out`;
  section.append(
    element("h3", `${torrent.name} at Node ${node}`),
    element("p", `${percent} % of ${formatByteSize(torrent.length)}, ${rates}`, "faint"),
  );
  const table = element("table");
  table.append(peerRow(`Node ${node}`, torrent.pieces, torrent.pieceCount, ""));
  for (const peer of torrent.peers) {
    const flow = `${formatRate(peer.downloadRate)} in, ${formatRate(peer.uploadRate)} out`;
    const name = `${peer.address}${peer.client === null ? "" : ` (${peer.client})`}`;
    table.append(peerRow(name, peer.pieces, torrent.pieceCount, flow));
  }
  const scroll = element("div", "", "scroll");
  scroll.append(table);
  section.append(scroll);
  return section;
}

function peerRow(name: string, pieces: string, count: number, flow: string): HTMLElement {
  const row = element("tr");
  const strip = element("td", "", "strip");
  strip.append(pieceStrip(pieces, count, `Pieces of ${name}`));
  row.append(element("td", name, "peer"), strip, element("td", flow, "number"));
  return row;
}

update();
