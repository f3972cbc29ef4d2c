// One answer on its way at a time. It is kept in the browser until the server says that it has it.
import { forget } from "./drafts.js";
import { desk } from "./screen.js";

const SLOT = "first-glance-answer";
const SIGNED_OUT = 403;
const PATIENCE = 10_000;
const LONGEST_WAIT = 15_000;

export const pending = () => JSON.parse(localStorage.getItem(SLOT) ?? "null");

/** Without a place to keep answers the plain forms are safer; they work by themselves. */
export function canKeep() {
  try {
    localStorage.setItem(SLOT + "-probe", "");
    localStorage.removeItem(SLOT + "-probe");
    return true;
  } catch {
    return false;
  }
}

/** Keep the answer, send it until it is taken; the next page's text, or null if the server refused it. */
export function save(entry) {
  localStorage.setItem(SLOT, JSON.stringify({ ...entry, at: Date.now(), reader: desk().dataset.reader }));
  tell("saving");
  return deliver();
}

/** Send what an earlier visit left behind, if it is this reader's. */
export async function flush() {
  return pending()?.reader === desk()?.dataset.reader && pending() ? deliver() : null;
}

async function deliver() {
  for (let wait = 500; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    const entry = pending();
    if (!entry) return null;
    const response = await attempt(entry);
    if (response && response.status < 500) return { page: await settled(response, new URLSearchParams(entry.body)) };
    tell("waiting");
    await retry(wait);
    tell("saving");
  }
}

async function attempt(entry) {
  const body = new URLSearchParams(entry.body);
  body.set("waited", ((Date.now() - entry.at) / 1000).toFixed(1));
  body.set("form_token", document.querySelector("input[name=form_token]")?.value ?? body.get("form_token"));
  const options = { method: "POST", body, headers: { "X-First-Glance-Swap": "1" }, signal: AbortSignal.timeout(PATIENCE) };
  try {
    return await fetch(entry.action, options);
  } catch {
    return null;
  }
}

/** Taken, or refused on a page that says why. Only without a session is it kept: the invitation link brings it back. */
async function settled(response, sent) {
  if (response.status !== SIGNED_OUT) localStorage.removeItem(SLOT);
  if (response.ok) forget(sent.get("key"));
  tell(response.ok ? "saved" : "refused");
  return response.text();
}

const retry = (wait) =>
  new Promise((done) => {
    setTimeout(done, wait);
    addEventListener("online", done, { once: true });
  });

function tell(state) {
  const line = document.querySelector("[data-saving]");
  if (!line) return;
  line.dataset.saving = state;
  line.textContent = line.dataset[`when${state}`] ?? "";
}
