// How long an item was on screen, and how long without idle time. A reload continues the count.
import { itemMain } from "./page_swap.js";

const LONGEST_PAUSE = 60_000; // milliseconds without pointer, key or scroll events that still count as reading
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

/** Show a note once an item took longer than the design expects. Nothing else happens then. */
setInterval(() => {
  const line = document.querySelector("[data-minutes][hidden]");
  if (line && performance.now() - shownAt > 60_000 * Number(line.dataset.minutes)) line.hidden = false;
}, 1000);

function addActiveTime() {
  const now = performance.now();
  if (!document.hidden) activeTime += Math.min(now - lastActivityAt, LONGEST_PAUSE);
  lastActivityAt = now;
}

/** Stop the clock. Returns the values of the form's hidden fields: seconds, and which reading tools were used. */
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

/** Store the active time for this tab only, in case the same question is shown again after a reload. */
function storeActiveTime() {
  addActiveTime();
  if (storageKey) sessionStorage.setItem(storageKey, String(Math.round(activeTime)));
}

for (const kind of ["pointermove", "pointerdown", "keydown", "scroll", "focus"]) {
  addEventListener(kind, addActiveTime, { passive: true, capture: true });
}
addEventListener("pagehide", storeActiveTime);
// Hiding the page stops the active time, and showing it again continues it: hidden time does not count.
document.addEventListener("visibilitychange", () => {
  const now = performance.now();
  if (document.hidden) activeTime += Math.min(now - lastActivityAt, LONGEST_PAUSE);
  lastActivityAt = now;
});
