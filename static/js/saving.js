// One answer on its way at a time, sent until the server itself says that it has it.
import { forget } from "./drafts.js";
import { left, release } from "./kept.js";
import { desk } from "./screen.js";

const OURS = "X-First-Glance"; // on every response of the server itself, and on none of something between
const AGAIN = [408, 425, 429];
const SIGNED_OUT = 403;
const PATIENCE = 10_000;
const LONGEST_WAIT = 15_000;

/** Send what an earlier visit left behind, if it is this reader's; the first refusal, or else the last reply. */
export async function flush() {
  let reply = null;
  for (const entry of left(desk()?.dataset.reader)) {
    const next = await deliver(entry);
    if (!reply?.refused) reply = next;
  }
  return reply;
}

/** Send an answer until it is taken or refused; the page that the server gives in return. */
export async function deliver(entry) {
  for (let wait = 500; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    tell("saving");
    const response = await attempt(entry);
    if (response && final(response)) return settled(response, entry);
    tell("waiting");
    await retry(wait);
  }
}

const final = ({ status, headers }) => headers.has(OURS) && status < 500 && !AGAIN.includes(status);

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
async function settled(response, entry) {
  if (response.status !== SIGNED_OUT) release(entry);
  if (response.ok) forget(entry.reader, new URLSearchParams(entry.body));
  tell(response.ok ? "saved" : "refused");
  return { page: await response.text(), refused: !response.ok };
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
