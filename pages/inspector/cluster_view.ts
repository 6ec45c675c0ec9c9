/// <reference lib="dom" />
/** The cluster: its hosts, what lives on this one, and where an entity is. */
import { type ComponentChild, h } from "preact";
import type { InspectorCluster, InspectorPlace } from "../../protocols/inspector_cluster.ts";
import { duration, whole } from "./format.ts";
import { PAGE, type State } from "./state.ts";
import type { InspectorStore } from "./store.ts";
import { pagerButtons, pathButton } from "./tree_views.ts";

/** Hosts and entities. */
export function clusterView(state: State, store: InspectorStore): ComponentChild {
  const cluster = state.seen?.cluster;
  if (cluster === undefined) return h("p", { class: "empty" }, "Nothing of the cluster is known yet.");
  const { host, leaseAgeMs, isConnected, entityCount } = cluster;
  const facts: [string, string, boolean?][] = [
    ["This host", host ?? "it has no lease", host === undefined],
    ["Its lease", leaseAgeMs === undefined ? "none" : `renewed ${duration(leaseAgeMs)} ago`],
    ["Engine", isConnected ? "connected" : "cannot be reached", !isConnected],
    ["Entities here", whole(entityCount)],
  ];
  return h(
    "article",
    { class: "cluster" },
    h(
      "dl",
      { class: "facts" },
      facts.map(([name, fact, isBad = false]) => [
        h("dt", null, name),
        h("dd", { class: isBad ? "bad" : "" }, fact),
      ]),
    ),
    h("h3", null, "Hosts"),
    hostsView(cluster),
    h("h3", null, "Where an entity lives"),
    whereView(state, store),
    h("h3", null, "Entities here"),
    entitiesView(cluster, state, store),
  );
}

function hostsView({ hosts }: InspectorCluster): ComponentChild {
  if (hosts === undefined) return h("p", { class: "empty" }, "The engine has not said yet.");
  return h(
    "table",
    { id: "hosts", "aria-label": "Hosts of the cluster" },
    h(
      "thead",
      null,
      h("tr", null, ["Host", "Life"].map((name) => h("th", { key: name, scope: "col" }, name))),
    ),
    h(
      "tbody",
      null,
      hosts.map(({ id, incarnation, isHere }) =>
        h(
          "tr",
          { key: `${id} ${incarnation}` },
          h("td", { class: "name" }, isHere ? `${id} (this one)` : id),
          h("td", null, incarnation),
        )
      ),
    ),
  );
}

function whereView({ place }: State, store: InspectorStore): ComponentChild {
  const submit = (event: Event) => {
    event.preventDefault();
    const [type, id] = ["#entity-type", "#entity-id"].map((name) => {
      const input = document.querySelector(name);
      return input instanceof HTMLInputElement ? input.value : "";
    });
    if (type !== undefined && id !== undefined) store.locate(type, id);
  };
  const field = (id: string, label: string) => [
    h("label", { for: id }, label),
    h("input", { id, type: "text", required: true, maxLength: 500, autocomplete: "off", spellcheck: false }),
  ];
  return h(
    "form",
    { class: "filter", onSubmit: submit },
    field("entity-type", "Type"),
    field("entity-id", "Id"),
    h("button", { type: "submit" }, "Find"),
    h("output", { id: "place", role: "status" }, place === undefined ? "" : placeText(place)),
  );
}

function placeText({ type, id, host, epoch, isUnknown }: InspectorPlace): string {
  if (isUnknown) return `${type} ${id}: the engine does not answer`;
  return host === undefined
    ? `${type} ${id} sleeps`
    : `${type} ${id} lives on ${host}, epoch ${epoch ?? "?"}`;
}

function entitiesView(
  { entities, entityCount }: InspectorCluster,
  { entitySkip }: State,
  store: InspectorStore,
): ComponentChild {
  if (entityCount === 0) return h("p", { class: "empty" }, "None lives here.");
  return [
    h(
      "table",
      { id: "entities", "aria-label": "Entities on this host" },
      h(
        "thead",
        null,
        h("tr", null, ["Id", "Type", "Epoch"].map((name) => h("th", { key: name, scope: "col" }, name))),
      ),
      h(
        "tbody",
        null,
        entities.map(({ type, id, epoch, path }) =>
          h(
            "tr",
            { key: path },
            h("td", { class: "name" }, pathButton(id, () => store.open(path), path)),
            h("td", null, type),
            h("td", null, whole(epoch)),
          )
        ),
      ),
    ),
    entityCount > PAGE || entitySkip > 0
      ? h("p", { class: "pager" }, pagerButtons(entitySkip, entityCount, (skip) => store.pageEntities(skip)))
      : null,
  ];
}
