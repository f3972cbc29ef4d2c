// How long an item was looked at: in all, and without idle stretches. A reload goes on where the page left off.
import { desk } from "./screen.js";

const LONGEST_PAUSE = 60_000;
const PLACE = "first-glance-clock.";

let place = null;
let shown = 0;
let last = 0;
let active = 0;

export function start() {
  const { reader, key, step } = desk().dataset;
  place = `${PLACE}${reader}.${key}.${step}`;
  shown = last = performance.now();
  active = Number(sessionStorage.getItem(place) ?? 0);
}

/** After the design's time a quiet line says so, once; nothing is cut off. */
setInterval(() => {
  const line = document.querySelector("[data-minutes][hidden]");
  if (line && performance.now() - shown > 60_000 * Number(line.dataset.minutes)) line.hidden = false;
}, 1000);

function note() {
  const time = performance.now();
  if (!document.hidden) active += Math.min(time - last, LONGEST_PAUSE);
  last = time;
}

/** Seconds since display, as the form's fields want them, and what was switched on; the question is answered then. */
export function readings() {
  note();
  sessionStorage.removeItem(place);
  place = null;
  return {
    elapsed: ((performance.now() - shown) / 1000).toFixed(1),
    active: (active / 1000).toFixed(1),
    unfolded: String(Boolean(document.querySelector(".passages[data-unfolded]"))),
    fixed_width: String(document.documentElement.classList.contains("fixed")),
  };
}

/** Keep the active time where only this tab finds it, for when the same question is shown again. */
function keep() {
  note();
  if (place) sessionStorage.setItem(place, String(Math.round(active)));
}

for (const kind of ["pointermove", "pointerdown", "keydown", "scroll", "focus"]) {
  addEventListener(kind, note, { passive: true, capture: true });
}
addEventListener("pagehide", keep);
// Going away ends a stretch; coming back begins one, and the time between counts for nothing.
document.addEventListener("visibilitychange", () => {
  const time = performance.now();
  if (document.hidden) active += Math.min(time - last, LONGEST_PAUSE);
  last = time;
});
