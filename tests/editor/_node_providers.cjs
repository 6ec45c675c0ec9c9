// Providers of y-websocket on Node, which insert at random:
// `node _node_providers.cjs PEERS URL CLIENTS INSERTS`.
// Prints the text as JSON once all have the same.
const { createRequire } = require("node:module");
const process = require("node:process");
const [peers, url, clients, inserts] = process.argv.slice(2);
const load = createRequire(`${peers}/package.json`);
const { WebsocketProvider } = load("y-websocket");
const WebSocketPolyfill = load("ws");
const Y = load("yjs");

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function main() {
  const all = Array.from({ length: Number(clients) }, () => {
    const doc = new Y.Doc();
    const provider = new WebsocketProvider(url, "room", doc, { WebSocketPolyfill, disableBc: true });
    return { provider, text: doc.getText("content") };
  });
  while (!all.every(({ provider }) => provider.synced)) await pause(10);
  let seed = 11;
  const random = (below) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let round = 0; round < Number(inserts); round++) {
    for (const [index, { text }] of all.entries()) {
      text.insert(random(text.length + 1), String.fromCharCode(65 + index));
    }
    if (round % 20 === 0) await pause(1);
  }
  const isWhole = ({ text }) => text.length === clients * inserts && `${text}` === `${all[0].text}`;
  while (!all.every(isWhole)) await pause(10);
  process.stdout.write(JSON.stringify(`${all[0].text}`), () => process.exit(0));
}

main();
