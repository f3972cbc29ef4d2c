// Sends answers one at a time and repeats each until the server itself stores or refuses it.
import { forgetDraft } from "./drafts.js";
import { itemMain } from "./page_swap.js";
import { removeAnswer, unsentAnswers } from "./unsent_answers.js";

const SERVER_HEADER = "X-First-Glance"; // on every response of the server itself, and on none of a proxy between
const TEMPORARY_STATUSES = [408, 425, 429];
const SIGNED_OUT = 403;
const REQUEST_TIMEOUT = 10_000;
const LONGEST_WAIT = 15_000;

/** Send the answers that this reader's earlier visits left unsent. Returns the first refusal, else the last reply. */
export async function sendUnsentAnswers() {
  let reply = null;
  for (const answer of unsentAnswers(itemMain()?.dataset.reader)) {
    const nextReply = await sendUntilSettled(answer);
    if (!reply?.refused) reply = nextReply;
  }
  return reply;
}

/** Send an answer until it is saved or refused. Returns the server's reply. */
export async function sendUntilSettled(answer) {
  for (let wait = 500; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    showSavingState("saving");
    const response = await postAnswer(answer);
    if (response && isFinal(response)) return settleAnswer(response, answer);
    showSavingState("waiting");
    await waitForRetry(wait);
  }
}

const isFinal = ({ status, headers }) =>
  headers.has(SERVER_HEADER) && status < 500 && !TEMPORARY_STATUSES.includes(status);

async function postAnswer(answer) {
  const body = new URLSearchParams(answer.body);
  body.set("waited", ((Date.now() - answer.at) / 1000).toFixed(1));
  body.set("form_token", document.querySelector("input[name=form_token]")?.value ?? body.get("form_token"));
  const headers = { "X-First-Glance-Swap": "1" };
  try {
    return await fetch(answer.action, { method: "POST", body, headers, signal: AbortSignal.timeout(REQUEST_TIMEOUT) });
  } catch {
    return null;
  }
}

/** Remove a saved or refused answer. Without a session it stays until the invitation link is opened again. */
async function settleAnswer(response, answer) {
  if (response.status !== SIGNED_OUT) removeAnswer(answer);
  if (response.ok) forgetDraft(answer.reader, new URLSearchParams(answer.body));
  showSavingState(response.ok ? "saved" : "refused");
  return { page: await response.text(), refused: !response.ok };
}

const waitForRetry = (wait) =>
  new Promise((resolve) => {
    setTimeout(resolve, wait);
    addEventListener("online", resolve, { once: true });
  });

function showSavingState(state) {
  const line = document.querySelector("[data-saving]");
  if (!line) return;
  line.dataset.saving = state;
  line.textContent = line.dataset[`when${state}`] ?? "";
}
