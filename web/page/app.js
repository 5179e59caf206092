// The page: polls the admin API, shows what it says, reloads, asks for the token.

import { ask, everything, poll, Refused, token } from "./api.js";
import { say } from "./dom.js";
import { showPools } from "./pools.js";
import { showRoutes, showServices, showSummary } from "./tables.js";
import { showTrouble } from "./trouble.js";

const $ = (id) => document.getElementById(id);
let latest = null; // what the API said last

function showAll() {
  if (!latest) return;
  const { status, upstreams, routes, services } = latest;
  say($("name"), status.name || "pingap");
  document.title = `${status.ready ? "" : "⚠ "}${status.name || "pingap"}`;
  showSummary($("summary"), $("missing"), latest);
  showTrouble($("trouble"), latest);
  $("no-pools").hidden = showPools($("pools"), upstreams, $("filter").value) > 0;
  showRoutes($("routes"), routes);
  showServices($("services"), services);
  $("routes-section").hidden = routes.length === 0;
  $("services-section").hidden = services.length === 0;
  $("forget").hidden = !token.get();
}

function showLink(text, kind) {
  say($("link"), text);
  $("link").className = `link ${kind}`;
}

/** tell shows the result of what the user did. */
function tell(text, details = "", bad = false) {
  const [line, block] = $("message").children;
  say(line, text);
  say(block, details);
  block.hidden = !details;
  $("message").className = bad ? "message bad" : "message";
  $("message").hidden = false;
}

async function round() {
  latest = await everything();
  showLink("live", "live");
  showAll();
}

function failed(error, seconds) {
  if (error instanceof Refused) return login();
  showLink(`no answer, next try in ${seconds} s`, "lost");
}

function login() {
  showLink("waiting for the token", "lost");
  if ($("login").open) return;
  $("login-error").hidden = !token.get();
  token.forget();
  $("token").value = "";
  $("login").showModal();
}

async function reload() {
  $("reload").disabled = true;
  try {
    const { generation } = await ask("POST", "api/v1/reload", 70000);
    tell(`Reloaded: generation ${generation} serves.`);
  } catch (error) {
    if (error instanceof Refused) return login();
    tell("The reload failed; what served before serves on.", error.message, true);
  } finally {
    $("reload").disabled = false;
  }
  now();
}

const now = poll(round, failed);

$("reload").addEventListener("click", reload);
$("filter").addEventListener("input", showAll);
$("message").querySelector("button").addEventListener("click", () => { $("message").hidden = true; });
$("forget").addEventListener("click", () => { token.forget(); now(); });
$("login").addEventListener("cancel", (event) => event.preventDefault());
$("login").addEventListener("close", () => { token.set($("token").value); now(); });
document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement;
  if (event.key === "/" && !typing && !$("login").open) { event.preventDefault(); $("filter").focus(); }
  if (event.key === "Escape" && event.target === $("filter")) { $("filter").value = ""; showAll(); }
});
