// The item page: an answer is saved and the next page shown in one request, at once if it was fetched ahead.
import { ahead, prefetch } from "./ahead.js";
import { start as startClock, readings } from "./clock.js";
import { restore } from "./drafts.js";
import { canKeep, keep, release } from "./kept.js";
import { listen } from "./keys.js";
import { prepare as prepareReading } from "./reading.js";
import { deliver, flush } from "./saving.js";
import { desk, same, show } from "./screen.js";

let busy = false;
let onWay = Promise.resolve();

function begin() {
  const main = desk();
  if (!main) return;
  busy = false;
  startClock();
  prepareReading(main);
  restore(main);
  onWay.then(() => desk() === main && prefetch(main.dataset.item)); // what follows depends on the answer before it
}

function fields(form, submitter) {
  const data = new URLSearchParams(new FormData(form, submitter));
  const measured = readings();
  for (const name of Object.keys(measured)) if (data.has(name)) data.set(name, measured[name]);
  return data;
}

/** What will follow: this item's second question, or the next item, unless the server's own answer is here before it. */
async function following(form) {
  if (form.dataset.step === "aids") return {}; // only the server has them, and only once the verdict is locked
  const second = form.dataset.step === "verdict" && document.querySelector("template[data-second]");
  return second ? { second } : { page: await Promise.race([ahead(desk().dataset.item), onWay]) };
}

async function submit(event) {
  const form = event.target;
  if (!form.matches(".panel form") || event.defaultPrevented) return;
  event.preventDefault();
  if (busy) return;
  busy = true;
  const entry = keep(form.getAttribute("action"), fields(form, event.submitter));
  form.querySelectorAll("button").forEach((one) => one.setAttribute("aria-disabled", "true"));
  await onWay; // the answer before this one
  if (!form.isConnected) return release(entry); // the server asks something else, and that is what is seen
  const shownFor = pause(Number(desk().dataset.advance));
  onWay = Promise.all([deliver(entry), shownFor]).then(([reply]) => settle(reply));
  const [next] = await Promise.all([following(form), shownFor]);
  if (form.isConnected && (next.second || next.page)) show({ ...next, said: event.submitter?.dataset.said }, begin);
}

/** The server's word is final: where it says otherwise than what is shown, its page replaces it. */
function settle(reply) {
  if (reply && !same(reply.page)) show({ page: reply.page }, begin);
}

const pause = (time) => (time > 0 ? new Promise((done) => setTimeout(done, time)) : null);

/** The way back leads from what the server knows, so an answer on its way arrives first. */
async function goBack(event) {
  const link = event.target.closest("a[data-key-of]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  await onWay;
  location.assign(link.href);
}

if (canKeep()) {
  document.addEventListener("submit", submit);
  document.addEventListener("click", goBack);
  listen();
  begin();
  onWay = flush().then(settle);
}
