// The summary, the routes and the services.

import { ago, count, keep, make, mark, say } from "./dom.js";

/** showSummary shows what runs, and what is missing while it is not ready. */
export function showSummary(list, missing, { status, upstreams }) {
  const endpoints = upstreams.flatMap((pool) => pool.endpoints);
  const up = endpoints.filter((e) => e.verdict === "up").length;
  const stale = upstreams.filter((pool) => pool.stale).length;
  const state = status.draining ? ["draining", "warn"] : status.ready ? ["ready", "good"] : ["not ready", "bad"];
  const rows = [
    ["State", ...state],
    ["Generation", count(status.generation), status.reload_error ? "warn" : ""],
    ["Endpoints up", `${count(up)} / ${count(endpoints.length)}`, up < endpoints.length ? "warn" : ""],
    ["Stale pools", `${count(stale)} / ${count(upstreams.length)}`, stale ? "warn" : ""],
    ["In flight", count(endpoints.reduce((sum, e) => sum + e.in_flight, 0)), ""],
    ["Running for", ago(status.started) || "–", ""],
    ["Version", status.version || "–", ""],
  ];
  keep(list, rows, ([term]) => term, () => make("div", {}, make("dt"), make("dd")), (row, [term, value, kind]) => {
    say(row.children[0], term);
    say(row.children[1], value);
    mark(row.children[1], kind);
  });
  const reasons = [...status.not_ready];
  if (status.reload_error) reasons.push(`The last reload failed, generation ${status.generation} serves on: ${status.reload_error}`);
  keep(missing, reasons, (text) => text, () => make("li"), say);
  missing.hidden = reasons.length === 0;
}

/** showRoutes lists the routes in the order they are tried. */
export function showRoutes(body, routes) {
  const labels = ["Server", "Match", "Upstream", "Location", "Priority", "Plugins", "Source"];
  const numbered = routes.map((route, i) => [`${i} ${route.server} ${route.location} ${route.tag ?? ""}`, route]);
  keep(body, numbered, ([key]) => key, () => rowOf(labels, { Match: "wide", Priority: "number" }), (row, [, route]) => {
    const source = [route.source, ...(route.instances ?? [])].filter(Boolean).join(" · ");
    fill(row, [
      [route.server],
      [matchOf(route), detailOf(route)],
      [route.upstream || "–", route.rewrite && `rewrite ${route.rewrite}`],
      [route.location || "–"],
      [route.protocol === "tcp" ? "–" : String(route.priority)],
      [(route.plugins ?? []).join(" → ") || "–"],
      [source, route.problem || route.tag],
    ]);
    mark(row, route.problem ? "problem" : "");
  });
}

function matchOf(route) {
  if (route.problem && !route.path) return "–";
  if (route.protocol === "tcp") return "all connections (tcp)";
  const host = (route.host ?? []).join(", ");
  const sign = { exact: "= ", regex: "~ " }[route.path_type] ?? "";
  return [host, sign + (route.path || "/")].filter(Boolean).join("  ");
}

const detailOf = (route) => [(route.methods ?? []).join(", "), ...(route.match ?? [])].filter(Boolean).join(" · ");

/** showServices lists the apps that this sidecar registers. */
export function showServices(body, services) {
  const labels = ["Service", "Id", "Address", "Status", "Detail"];
  keep(body, services, (s) => s.id, () => rowOf(labels, { Detail: "wide" }), (row, s) => {
    fill(row, [
      [s.name, (s.tags ?? []).join(" · ")],
      [s.id],
      [s.address ? `${s.address}:${s.port}` : `port ${s.port}`],
      [s.registered ? s.status || "registered" : "not registered", ago(s.since) && `for ${ago(s.since)}`],
      [s.last_error || s.output || "–"],
    ]);
    mark(row, s.last_error ? "problem" : "");
  });
}

/** rowOf is an empty row whose cells hold a text and a smaller one below it. */
function rowOf(labels, classes) {
  return make("tr", {}, ...labels.map((label) =>
    make("td", { label, className: classes[label] ?? "" }, make("span"), make("small"))));
}

function fill(row, cells) {
  cells.forEach(([text, detail], i) => {
    say(row.children[i].children[0], text);
    say(row.children[i].children[1], detail || "");
  });
}
