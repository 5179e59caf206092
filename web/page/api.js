// The admin API as this page uses it: requests with the token, which is kept in
// sessionStorage, and a poll that slows down while nobody answers.

const TOKEN = "pingap-admin-token";
const EVERY = 2000;     // ms between polls
const LONGEST = 30000;  // ms between polls while nobody answers
const PATIENCE = 10000; // ms for one answer

/** Refused is thrown when the token is missing or wrong. */
export class Refused extends Error {}

export const token = {
  get: () => sessionStorage.getItem(TOKEN) ?? "",
  set: (value) => sessionStorage.setItem(TOKEN, value),
  forget: () => sessionStorage.removeItem(TOKEN),
};

/** ask sends a request and gives the JSON of the answer; an error bears its text. */
export async function ask(method, path, patience = PATIENCE) {
  const headers = token.get() ? { Authorization: `Bearer ${token.get()}` } : {};
  const answer = await fetch(path, { method, headers, cache: "no-store", signal: AbortSignal.timeout(patience) });
  if (answer.status === 401) throw new Refused("the token was refused");
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.error ?? `answer ${answer.status}`);
  return body;
}

/** everything asks for all that the page shows. */
export async function everything() {
  const [status, upstreams, routes, services] = await Promise.all(
    ["status", "upstreams", "routes", "services"].map((name) => ask("GET", `api/v1/${name}`)));
  return { status, upstreams, routes, services };
}

/**
 * poll calls round() again and again: every two seconds, later and later while it
 * fails, not at all while the page is out of sight or round() wants a token.
 * failed(error, seconds) hears when the next try is. It returns a function that
 * polls at once.
 */
export function poll(round, failed) {
  let timer = 0;
  let wait = EVERY;
  let running = false;

  async function next() {
    clearTimeout(timer);
    if (running || document.hidden) return;
    running = true;
    try {
      await round();
      wait = EVERY;
    } catch (error) {
      if (error instanceof Refused) return failed(error, 0);
      wait = Math.min(wait * 2, LONGEST);
      failed(error, Math.round(wait / 1000));
    } finally {
      running = false;
    }
    timer = setTimeout(next, wait);
  }

  document.addEventListener("visibilitychange", () => { if (!document.hidden) next(); });
  next();
  return next;
}
