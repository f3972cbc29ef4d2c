// The item page: one request saves an answer and brings the next page; a page that was fetched ahead is shown at once.
import { restoreDraft } from "./drafts.js";
import { itemMain, showPage, updateSameQuestion } from "./page_swap.js";
import { prefetchAfter, prefetchedPageAfter } from "./prefetch.js";
import { startReadingTime, takeMeasurements } from "./reading_time.js";
import { prepareReadingTools } from "./reading_tools.js";
import { sendUntilSettled, sendUnsentAnswers } from "./sending.js";
import { listenForShortcuts } from "./shortcuts.js";
import { canStoreAnswers, removeAnswer, storeAnswer } from "./unsent_answers.js";

let submitting = false;
let pendingAnswer = Promise.resolve(); // settles once the server has stored the last answer and its reply was handled

/** Start the clock and the tools of the question that is shown now, and fetch the next page ahead. */
function beginQuestion() {
  const main = itemMain();
  if (!main) return;
  submitting = false;
  startReadingTime();
  prepareReadingTools(main);
  restoreDraft(main);
  pendingAnswer.then(() => itemMain() === main && prefetchAfter(main.dataset.item)); // the next page depends on it
}

function measuredFields(form, submitter) {
  const fields = new URLSearchParams(new FormData(form, submitter));
  const measurements = takeMeasurements();
  for (const name of Object.keys(measurements)) if (fields.has(name)) fields.set(name, measurements[name]);
  return fields;
}

/** What to show after an answer: the item's second question, or the next page unless the server replies first. */
async function nextView(form) {
  if (form.dataset.step === "aids") return {}; // only the server has the aids, and only after the verdict
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
  if (!form.isConnected) return removeAnswer(answer); // the server's reply replaced this question meanwhile
  const advanceDelay = delay(Number(itemMain().dataset.advance));
  pendingAnswer = Promise.all([sendUntilSettled(answer), advanceDelay]).then(([reply]) => showReply(reply));
  const [view] = await Promise.all([nextView(form), advanceDelay]);
  if (!form.isConnected || !(view.secondQuestion || view.page)) return;
  showPage({ ...view, answerLabel: event.submitter?.dataset.answerLabel }, beginQuestion);
}

/** Show the page in the server's reply, unless it asks the question that is already shown. */
function showReply(reply) {
  if (reply && !updateSameQuestion(reply.page)) showPage({ page: reply.page }, beginQuestion);
}

const delay = (time) => (time > 0 ? new Promise((resolve) => setTimeout(resolve, time)) : null);

/** Follow an undo link only after the last answer is stored: the server decides where the link leads. */
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
