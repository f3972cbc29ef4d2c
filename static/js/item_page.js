// The item page: an answer is saved and the next page shown in one request, at once if it was fetched ahead.
import { restoreDraft } from "./drafts.js";
import { itemMain, showPage, updateSameQuestion } from "./page_swap.js";
import { prefetchAfter, prefetchedPageAfter } from "./prefetch.js";
import { startReadingTime, takeMeasurements } from "./reading_time.js";
import { prepareReadingTools } from "./reading_tools.js";
import { sendUntilSettled, sendUnsentAnswers } from "./sending.js";
import { listenForShortcuts } from "./shortcuts.js";
import { canStoreAnswers, removeAnswer, storeAnswer } from "./unsent_answers.js";

let submitting = false;
let pendingAnswer = Promise.resolve(); // settles once the server has the last answer and its reply was looked at

/** Set up the question that is shown now. */
function beginQuestion() {
  const main = itemMain();
  if (!main) return;
  submitting = false;
  startReadingTime();
  prepareReadingTools(main);
  restoreDraft(main);
  pendingAnswer.then(() => itemMain() === main && prefetchAfter(main.dataset.item)); // it depends on the last answer
}

function measuredFields(form, submitter) {
  const fields = new URLSearchParams(new FormData(form, submitter));
  const measurements = takeMeasurements();
  for (const name of Object.keys(measurements)) if (fields.has(name)) fields.set(name, measurements[name]);
  return fields;
}

/** What follows an answer: this item's second question, or the next item, unless the server replies before that. */
async function nextView(form) {
  if (form.dataset.step === "aids") return {}; // only the server has them, and only once the verdict is locked
  const secondQuestion = form.dataset.step === "verdict" && document.querySelector("template[data-second-answer-id]");
  if (secondQuestion) return { secondQuestion };
  return { page: await Promise.race([prefetchedPageAfter(itemMain().dataset.item), pendingAnswer]) };
}

async function submitAnswer(event) {
  const form = event.target;
  if (!form.matches(".panel form") || event.defaultPrevented) return;
  event.preventDefault();
  if (submitting) return;
  submitting = true;
  const answer = storeAnswer(form.getAttribute("action"), measuredFields(form, event.submitter));
  form.querySelectorAll("button").forEach((button) => button.setAttribute("aria-disabled", "true"));
  await pendingAnswer;
  if (!form.isConnected) return removeAnswer(answer); // the server asks something else, and that is what is seen
  const advanceDelay = delay(Number(itemMain().dataset.advance));
  pendingAnswer = Promise.all([sendUntilSettled(answer), advanceDelay]).then(([reply]) => showReply(reply));
  const [view] = await Promise.all([nextView(form), advanceDelay]);
  if (!form.isConnected || !(view.secondQuestion || view.page)) return;
  showPage({ ...view, answerLabel: event.submitter?.dataset.answerLabel }, beginQuestion);
}

/** The server's word is final: where it says otherwise than what is shown, its page replaces it. */
function showReply(reply) {
  if (reply && !updateSameQuestion(reply.page)) showPage({ page: reply.page }, beginQuestion);
}

const delay = (time) => (time > 0 ? new Promise((resolve) => setTimeout(resolve, time)) : null);

/** The way back leads from what the server knows, so an answer on its way arrives first. */
async function followLinkAfterAnswer(event) {
  const link = event.target.closest("a[data-shortcut]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  await pendingAnswer;
  location.assign(link.href);
}

if (canStoreAnswers()) {
  document.addEventListener("submit", submitAnswer);
  document.addEventListener("click", followLinkAfterAnswer);
  listenForShortcuts();
  beginQuestion();
  pendingAnswer = sendUnsentAnswers().then(showReply);
}
