// How long an item was looked at: in all, and without idle stretches.
const LONGEST_PAUSE = 60_000;

let shown = 0;
let last = 0;
let active = 0;

export function start() {
  shown = last = performance.now();
  active = 0;
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

/** Seconds since display, as the form's fields want them, and what was switched on. */
export function readings() {
  note();
  return {
    elapsed: ((performance.now() - shown) / 1000).toFixed(1),
    active: (active / 1000).toFixed(1),
    unfolded: String(Boolean(document.querySelector(".passages[data-unfolded]"))),
    fixed_width: String(document.documentElement.classList.contains("fixed")),
  };
}

for (const kind of ["pointermove", "pointerdown", "keydown", "scroll", "focus"]) {
  addEventListener(kind, note, { passive: true, capture: true });
}
// Going away ends a stretch; coming back begins one, and the time between counts for nothing.
document.addEventListener("visibilitychange", () => {
  const time = performance.now();
  if (document.hidden) active += Math.min(time - last, LONGEST_PAUSE);
  last = time;
});
