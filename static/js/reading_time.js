// How long an item was looked at: in all, and without idle stretches. A reload goes on where the page left off.
import { itemMain } from "./page_swap.js";

const LONGEST_PAUSE = 60_000; // milliseconds without a sign of the reader that still count as reading
const STORAGE_PREFIX = "first-glance-clock.";

let storageKey = null;
let shownAt = 0;
let lastActivityAt = 0;
let activeTime = 0;

/** Start the clock of the question that is shown now. */
export function startReadingTime() {
  const { reader, answerId, step } = itemMain().dataset;
  storageKey = `${STORAGE_PREFIX}${reader}.${answerId}.${step}`;
  shownAt = lastActivityAt = performance.now();
  activeTime = Number(sessionStorage.getItem(storageKey) ?? 0);
}

/** After the design's time a quiet line says so, once; nothing is cut off. */
setInterval(() => {
  const line = document.querySelector("[data-minutes][hidden]");
  if (line && performance.now() - shownAt > 60_000 * Number(line.dataset.minutes)) line.hidden = false;
}, 1000);

function addActiveTime() {
  const now = performance.now();
  if (!document.hidden) activeTime += Math.min(now - lastActivityAt, LONGEST_PAUSE);
  lastActivityAt = now;
}

/** What the form's hidden fields report: seconds since display, and which reading tools were used. Ends the clock. */
export function takeMeasurements() {
  addActiveTime();
  sessionStorage.removeItem(storageKey);
  storageKey = null;
  return {
    elapsed: ((performance.now() - shownAt) / 1000).toFixed(1),
    active: (activeTime / 1000).toFixed(1),
    unfolded: String(Boolean(document.querySelector(".passages[data-unfolded]"))),
    fixed_width: String(document.documentElement.classList.contains("fixed")),
  };
}

/** Store the active time where only this tab finds it, for when the same question is shown again. */
function storeActiveTime() {
  addActiveTime();
  if (storageKey) sessionStorage.setItem(storageKey, String(Math.round(activeTime)));
}

for (const kind of ["pointermove", "pointerdown", "keydown", "scroll", "focus"]) {
  addEventListener(kind, addActiveTime, { passive: true, capture: true });
}
addEventListener("pagehide", storeActiveTime);
// Going away ends a stretch; coming back begins one, and the time between counts for nothing.
document.addEventListener("visibilitychange", () => {
  const now = performance.now();
  if (document.hidden) activeTime += Math.min(now - lastActivityAt, LONGEST_PAUSE);
  lastActivityAt = now;
});
