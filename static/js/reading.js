// Help with reading that changes nothing about what is read: jumps, folded text, the face. Its use is recorded.
export function prepare(main) {
  const passages = main.querySelectorAll(".passages");
  main.addEventListener("toggle", (event) => event.target.open && passages.forEach(note), { capture: true });
  document.querySelectorAll("[data-act]").forEach((one) => (one.hidden = false));
}

const note = (list) => (list.dataset.unfolded = "true");
const peaks = () => [...document.querySelectorAll(".passage")];

/** Go to the peak that is `step` away from where the reader is. */
export function jump(step) {
  const all = peaks();
  const here = all.findIndex((one) => one.classList.contains("here"));
  const target = all[Math.max(0, Math.min(all.length - 1, here === -1 ? nearest(all, step) : here + step))];
  all.forEach((one) => one.classList.toggle("here", one === target));
  document.documentElement.style.scrollPaddingBlockEnd = `${covered()}px`;
  target?.querySelector("[data-peak]").scrollIntoView({ block: "center" });
  target?.focus({ preventScroll: true });
}

/** How much of the window's height the panel covers where it lies below the text. */
function covered() {
  const [panel, text] = [".panel", ".passages"].map((one) => document.querySelector(one).getBoundingClientRect());
  return panel.left < text.right ? Math.max(0, innerHeight - panel.top) : 0;
}

const nearest = (all, step) => {
  const first = all.findIndex((one) => one.getBoundingClientRect().bottom > 80);
  return step > 0 ? first : first - 1;
};

export function unfold() {
  const folds = [...document.querySelectorAll(".passages details")];
  const open = folds.some((one) => !one.open);
  folds.forEach((one) => (one.open = open));
  if (open) document.querySelectorAll(".passages").forEach(note); // the toggle event may come after a quick answer
}

export function fixWidth() {
  const on = document.documentElement.classList.toggle("fixed");
  localStorage.setItem("fixed", String(on));
}

export function changeTheme() {
  const root = document.documentElement;
  const dark = getComputedStyle(root).colorScheme === "dark" ||
    (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
}
