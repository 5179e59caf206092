// Pools and their endpoints.

import { ago, count, keep, make, mark, say, span } from "./dom.js";

const SHOWN = 200; // endpoints of one pool in the document; the filter finds the others

/** showPools shows the pools that hold something matching the filter's words. */
export function showPools(parent, pools, filter) {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const matching = pools
    .map((pool) => ({ pool, endpoints: pool.endpoints.filter((e) => matches(pool, e, words)) }))
    .filter(({ pool, endpoints }) => endpoints.length > 0 || words.every((w) => textOf(pool).includes(w)));
  keep(parent, matching, ({ pool }) => pool.name, createPool, updatePool);
  return matching.length;
}

const textOf = (pool) =>
  [pool.name, pool.discovery, pool.algorithm, pool.source, pool.stale ? "stale" : ""].join(" ").toLowerCase();

function matches(pool, e, words) {
  const text = [e.id, e.node, e.address, e.verdict, e.reason, ...e.tags].join(" ").toLowerCase() + textOf(pool);
  return words.every((word) => text.includes(word));
}

function createPool() {
  const head = make("header", {},
    make("h3"), make("span", { className: "chips" }), make("p", { className: "share" }),
    make("p", { className: "source" }), make("p", { className: "trouble" }));
  const columns = ["Endpoint", "Verdict", "Why", "Since"].map((name) => make("th", { scope: "col" }, name));
  const numbers = ["Weight", "In flight", "Requests", "Failures", "Latency"]
    .map((name) => make("th", { scope: "col", className: "number" }, name));
  const table = make("table", { className: "stack" },
    make("thead", {}, make("tr", {}, ...columns, ...numbers)), make("tbody"));
  return make("article", { className: "card pool" }, head,
    make("div", { className: "scroll" }, table), make("p", { className: "more" }));
}

function updatePool(card, { pool, endpoints }) {
  say(card.querySelector("h3"), pool.name);
  keep(card.querySelector(".chips"), chips(pool), ([text]) => text, () => make("span"), (chip, [text, kind]) => {
    say(chip, text);
    mark(chip, `chip ${kind}`);
  });
  const up = pool.endpoints.filter((e) => e.verdict === "up").length;
  say(card.querySelector(".share"), `${count(up)} of ${count(pool.endpoints.length)} up`);
  say(card.querySelector(".source"), sourceOf(pool));
  const trouble = card.querySelector(".trouble");
  say(trouble, pool.last_error ?? "");
  trouble.hidden = !pool.last_error;

  const shown = endpoints.slice(0, SHOWN);
  card.querySelector(".scroll").hidden = shown.length === 0;
  keep(card.querySelector("tbody"), shown, (e) => `${e.node ?? ""}/${e.id}`, createEndpoint, updateEndpoint);
  const more = card.querySelector(".more");
  const rest = endpoints.length - shown.length;
  more.hidden = shown.length > 0 && rest === 0;
  say(more, rest > 0 ? `and ${count(rest)} more: use the filter` : emptyText(pool));
}

function chips(pool) {
  const list = [[pool.discovery, ""], [pool.algorithm.replaceAll("_", " "), ""]];
  if (pool.stale) list.push(["stale", "warn"]);
  if (!pool.ready) list.push(["waiting for the first answer", "warn"]);
  if (pool.panic) list.push(["panic: all hosts are used", "bad"]);
  if (pool.tier > 0) list.push([`failover tier ${pool.tier}`, "warn"]);
  if (pool.ready && pool.condition && pool.condition !== "populated") list.push([pool.condition.replaceAll("_", " "), "bad"]);
  return list;
}

function sourceOf(pool) {
  const parts = [pool.source || pool.discovery];
  if (pool.index) parts.push(`index ${pool.index}`);
  if (pool.ttl_seconds) parts.push(`TTL ${span(pool.ttl_seconds)}`);
  if (pool.saved) parts.push(`restored, written ${ago(pool.saved)} ago`);
  if (pool.last_success && pool.discovery !== "static") parts.push(`last answer ${span(pool.age_seconds)} ago`);
  return parts.join(" · ");
}

function emptyText(pool) {
  switch (pool.condition) {
    case "not_synced": return "No answer from the registry yet.";
    case "denied": return "The registry hides the answer: a token is missing or lacks rights.";
    case "unknown": return "The registry does not know this name.";
    default: return "No endpoint.";
  }
}

function createEndpoint() {
  const cell = (label, className = "") => make("td", { label, className });
  return make("tr", {},
    make("td", { label: "Endpoint", className: "id" }, make("span"), make("small", { className: "mono" }), make("small")),
    make("td", { label: "Verdict" }, make("span", { className: "verdict" })),
    cell("Why", "wide"), cell("Since"),
    ...["Weight", "In flight", "Requests", "Failures", "Latency"].map((label) => cell(label, "number")));
}

function updateEndpoint(row, e) {
  const [id, verdict, why, since, ...numbers] = row.children;
  say(id.children[0], e.id);
  say(id.children[1], e.address === e.id ? "" : e.address);
  say(id.children[2], [e.node && `node ${e.node}`, e.tier && `tier ${e.tier}`, ...e.tags].filter(Boolean).join(" · "));
  say(verdict.firstChild, e.verdict);
  mark(verdict.firstChild, `verdict ${e.verdict}`);
  say(why, e.reason);
  say(since, ago(e.since));
  since.title = e.since ? new Date(e.since).toLocaleString() : "";
  const values = [e.weight, e.in_flight, e.requests, e.failures].map(count);
  [...values, e.requests ? `${e.latency_ms.toFixed(1)} ms` : "–"].forEach((text, i) => say(numbers[i], text));
}
