// Tools for reading: jumps to peaks, unfolding, the typeface. They do not change the text; their use is recorded.
export function prepareReadingTools(main) {
  const passages = main.querySelectorAll(".passages");
  main.addEventListener("toggle", (event) => event.target.open && passages.forEach(noteUnfolded), { capture: true });
  document.querySelectorAll("[data-action]").forEach((button) => (button.hidden = false));
}

const noteUnfolded = (passages) => (passages.dataset.unfolded = "true");

/** Scroll to the peak `step` passages after (or, if negative, before) the current one. */
export function goToPeak(step) {
  const passages = [...document.querySelectorAll(".passage")];
  const current = passages.findIndex((passage) => passage.classList.contains("current"));
  const targetIndex = current === -1 ? nearestIndex(passages, step) : current + step;
  const target = passages[Math.max(0, Math.min(passages.length - 1, targetIndex))];
  passages.forEach((passage) => passage.classList.toggle("current", passage === target));
  document.documentElement.style.scrollPaddingBlockEnd = `${heightCoveredByPanel()}px`;
  target?.querySelector("[data-peak]").scrollIntoView({ block: "center" });
  target?.focus({ preventScroll: true });
}

/** How many pixels of the window's height the panel covers; 0 where it lies beside the text. */
function heightCoveredByPanel() {
  const boxOf = (selector) => document.querySelector(selector).getBoundingClientRect();
  const [panel, text] = [boxOf(".panel"), boxOf(".passages")];
  return panel.left < text.right ? Math.max(0, innerHeight - panel.top) : 0;
}

function nearestIndex(passages, step) {
  const firstInSight = passages.findIndex((passage) => passage.getBoundingClientRect().bottom > 80);
  return step > 0 ? firstInSight : firstInSight - 1;
}

export function toggleFoldedText() {
  const folds = [...document.querySelectorAll(".passages details")];
  const open = folds.some((fold) => !fold.open);
  folds.forEach((fold) => (fold.open = open));
  // The toggle event may come after a quick answer.
  if (open) document.querySelectorAll(".passages").forEach(noteUnfolded);
}

export function toggleFixedWidth() {
  const fixed = document.documentElement.classList.toggle("fixed");
  localStorage.setItem("fixed", String(fixed));
}

export function toggleTheme() {
  const root = document.documentElement;
  const dark = getComputedStyle(root).colorScheme === "dark" ||
    (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
}
