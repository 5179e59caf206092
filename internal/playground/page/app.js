// The page of dev mode: asks the control API twice a second and shows what it
// says. What it gets is written as text, never as markup.

const EVERY = 500; // ms between polls
const RATES = [["off", 0], ["10/s", 10], ["50/s", 50], ["200/s", 200]];
const $ = (id) => document.getElementById(id);
let modes = [];

async function ask(method, path) {
  const answer = await fetch(path, { method, cache: "no-store", signal: AbortSignal.timeout(5000) });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error ?? `answer ${answer.status}`);
  return body;
}

/** make creates an element with properties and children (elements or text). */
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** say sets an element's text if it differs, so that selections survive a poll. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** act sends a change and shows at once what came of it. */
async function act(method, path) {
  try {
    await ask(method, path);
    $("message").hidden = true;
  } catch (error) {
    say($("message"), error.message);
    $("message").hidden = false;
  }
  await show();
}

function createRow({ name }) {
  const path = `api/instances/${name}`;
  const select = make("select", { ariaLabel: `How ${name} behaves`, onchange: () => act("POST", `${path}/mode?set=${select.value}`) },
    ...modes.map((mode) => make("option", { value: mode }, mode)));
  const kill = make("button", { type: "button", title: "as a crash: connections are reset, the registry notices later",
    onclick: () => act("POST", `${path}/kill`) }, "Kill");
  const remove = make("button", { type: "button", title: "in good order: out of the registry first",
    onclick: () => act("DELETE", path) }, "Remove");
  const row = make("tr", {},
    make("td", { className: "name" }, make("span", {}, name), make("small", { className: "mono" })),
    make("td", {}, make("span")), make("td", {}, select), make("td", { className: "number" }),
    make("td", { className: "wide" }, make("span"), make("small")),
    make("td", { className: "ends" }, kill, " ", remove));
  row.dataset.name = name;
  return row;
}

function updateRow(row, instance, endpoint) {
  const [name, state, behaves, requests, says, ends] = row.children;
  say(name.lastChild, instance.address);
  say(state.firstChild, instance.state);
  state.firstChild.className = `chip ${instance.state}`;
  const select = behaves.firstChild;
  if (document.activeElement !== select) select.value = instance.mode;
  say(requests, instance.requests.toLocaleString("en"));
  say(says.firstChild, endpoint?.verdict ?? "not listed");
  says.firstChild.className = `chip ${endpoint?.verdict ?? ""}`;
  say(says.lastChild, endpoint?.reason ?? "");
  const dead = instance.state === "crashed";
  select.disabled = dead;
  ends.firstChild.disabled = dead;
  ends.lastChild.disabled = instance.state !== "serving";
}

function showInstances(instances, pool) {
  const body = $("instances");
  const rows = new Map([...body.children].map((row) => [row.dataset.name, row]));
  const endpoints = new Map(pool.endpoints.map((e) => [e.id, e]));
  for (const instance of instances) {
    let row = rows.get(instance.name);
    rows.delete(instance.name);
    if (!row) body.append(row = createRow(instance));
    updateRow(row, instance, endpoints.get(instance.id));
  }
  for (const gone of rows.values()) gone.remove();
  $("none").hidden = instances.length > 0;
}

function showTraffic({ rate, sent, failed, failure }) {
  say($("sent"), sent.toLocaleString("en"));
  say($("failed"), failed.toLocaleString("en"));
  $("failed").className = failed > 0 ? "bad" : "good";
  say($("failure"), failure && `the last: ${failure}`);
  for (const button of $("rates").children) button.ariaPressed = String(Number(button.value) === rate);
}

async function show() {
  try {
    const [instances, traffic, pool] = await Promise.all(
      ["instances", "traffic", "pool"].map((name) => ask("GET", `api/${name}`)));
    showInstances(instances, pool);
    showTraffic(traffic);
    say($("link"), "live");
    $("link").className = "link live";
  } catch (error) {
    say($("link"), `no answer (${error.message})`);
    $("link").className = "link lost";
  }
}

async function poll() {
  if (!document.hidden) await show();
  setTimeout(poll, EVERY);
}

const about = await ask("GET", "api/about");
modes = about.modes;
for (const [name, value] of [["Proxy", `http://${about.proxy}`], ["Admin", `http://${about.admin}`],
  ["Registry (DNS)", about.registry], ["Service", about.service]]) {
  $("about").append(make("div", {}, make("dt", {}, name), make("dd", {}, value)));
}
for (const [label, rate] of RATES) {
  $("rates").append(make("button", { type: "button", value: rate, onclick: () => act("POST", `api/traffic?rate=${rate}`) }, label));
}
$("add").addEventListener("click", () => act("POST", "api/instances"));
poll();
