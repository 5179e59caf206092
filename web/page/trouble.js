// What is wrong right now, in one list at the top: what is out and why, since
// when, and how old a membership is that serves without its registry.

import { ago, count, keep, make, mark, say, span } from "./dom.js";

const SHOWN = 30; // lines; the pools below have the rest
const ORDER = ["empty", "panic", "down", "ejected", "unknown", "draining", "stale", "service", "route"]; // worst first

/** showTrouble lists what somebody who was called at night has to know first. */
export function showTrouble(section, { upstreams, routes, services }) {
  const troubles = [...upstreams.flatMap(ofPool), ...services.flatMap(ofService), ...routes.flatMap(ofRoute)]
    .sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  section.hidden = troubles.length === 0;
  keep(section.querySelector("ul"), troubles.slice(0, SHOWN), ({ key }) => key, create, update);
  const rest = troubles.length - SHOWN;
  const more = section.querySelector(".none");
  more.hidden = rest <= 0;
  say(more, `and ${count(rest)} more below`);
}

function ofPool(pool) {
  const list = [];
  const add = (key, kind, what, why, since) => list.push({ key: `${pool.name}/${key}`, kind, what: `${pool.name}${what}`, why, since });
  if (pool.stale) add("stale", "stale", "", pool.last_error, pool.last_success ? `last answer ${span(pool.age_seconds)} ago` : "no answer yet");
  if (pool.panic) add("panic", "panic", "", "too few are up: all hosts are used", "");
  if (pool.ready && pool.endpoints.length === 0) add("empty", "empty", "", "nobody to send to: requests get 503", "");
  for (const e of pool.endpoints) {
    if (e.verdict !== "up") add(`${e.node ?? ""}/${e.id}`, e.verdict, ` · ${e.id}`, e.reason, ago(e.since) && `for ${ago(e.since)}`);
  }
  return list;
}

const ofService = (s) => s.last_error
  ? [{ key: `service/${s.id}`, kind: "service", what: s.name, why: s.last_error, since: "" }] : [];

const ofRoute = (r) => r.problem
  ? [{ key: `route/${r.upstream}/${r.tag}/${r.instances}`, kind: "route", what: r.tag || r.upstream, why: r.problem, since: (r.instances ?? []).join(", ") }] : [];

const create = () => make("li", {}, make("span"), make("b"), make("span", { className: "why" }), make("span", { className: "since" }));

function update(line, { kind, what, why, since }) {
  const [verdict, name, reason, time] = line.children;
  say(verdict, kind);
  mark(verdict, `verdict ${kind}`);
  say(name, what);
  say(reason, why);
  say(time, since);
}
