// Keyboard shortcuts. Each is printed on the button that does the same; the list of keys has those without a button.
import { goToPeak, toggleFixedWidth, toggleFoldedText, toggleTheme } from "./reading_tools.js";

const ACTIONS = {
  next: () => goToPeak(1),
  previous: () => goToPeak(-1),
  unfold: toggleFoldedText,
  fixed: toggleFixedWidth,
  theme: toggleTheme,
  sheet: () => document.querySelector("dialog.sheet")?.showModal(),
};
const ACTION_OF_KEY = { n: "next", p: "previous", o: "unfold", f: "fixed", t: "theme", "?": "sheet" };
const DOUBLE_CLICK = 400; // milliseconds
const SUBMIT_BUTTON = '[data-shortcut="Ctrl+Enter"]';

let lastClickAt = -Infinity;

const isTextField = (target) => target.closest("textarea, input:not([type=hidden], [type=radio]), select");

function handleKey(event) {
  if (event.repeat || event.isComposing || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return clickButton(event, SUBMIT_BUTTON);
  if (event.ctrlKey || event.metaKey) return;
  if (isTextField(event.target)) return event.key === "Escape" && event.target.blur();
  if (event.key === "Enter" && !event.target.closest("a, button, summary")) return clickButton(event, SUBMIT_BUTTON);
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key; // Caps Lock changes nothing
  if (key === "h") return focusHypothesis(event);
  const action = ACTION_OF_KEY[key];
  if (!action) return clickButton(event, `[data-shortcut="${CSS.escape(key)}"]`);
  event.preventDefault();
  ACTIONS[action]();
}

function clickButton(event, selector) {
  const button = document.querySelector(`main ${selector}`);
  if (!button) return;
  event.preventDefault();
  button.click();
}

function focusHypothesis(event) {
  const field = document.querySelector("#hypothesis");
  if (!field) return;
  event.preventDefault();
  field.focus();
}

/** Ignore the second click of a double click. Clicks made by a key have detail 0 and are never ignored. */
function ignoreSecondClick(event) {
  if (!event.detail || !event.target.closest(".panel form button")) return;
  if (event.timeStamp - lastClickAt < DOUBLE_CLICK) event.preventDefault();
  lastClickAt = event.timeStamp;
}

function handleClick(event) {
  ignoreSecondClick(event);
  const action = event.target.closest("[data-action]")?.dataset.action;
  if (action) ACTIONS[action]();
}

export function listenForShortcuts() {
  addEventListener("keydown", handleKey);
  addEventListener("click", handleClick);
}
