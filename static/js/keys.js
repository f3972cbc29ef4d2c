// One key or one click for one act. Every key is printed on the button that does the same.
import { changeTheme, fixWidth, jump, unfold } from "./reading.js";

const ACTS = {
  next: () => jump(1),
  previous: () => jump(-1),
  unfold,
  fixed: fixWidth,
  theme: changeTheme,
  sheet: () => document.querySelector("dialog.sheet")?.showModal(),
};
const DOUBLE = 400;
const KEYS = { n: "next", p: "previous", o: "unfold", f: "fixed", t: "theme", "?": "sheet" };

let clicked = -Infinity;

const writing = (target) => target.closest("textarea, input:not([type=hidden], [type=radio]), select");

function press(event) {
  if (event.repeat || event.isComposing || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return take(event, '[data-key-of="Ctrl+Enter"]');
  if (event.ctrlKey || event.metaKey) return;
  if (writing(event.target)) return event.key === "Escape" && event.target.blur();
  if (event.key === "Enter" && !event.target.closest("a, button, summary")) return take(event, '[data-key-of="Ctrl+Enter"]');
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key; // Caps Lock changes nothing
  if (key === "h") return write(event);
  const act = KEYS[key];
  if (!act) return take(event, `[data-key-of="${CSS.escape(key)}"]`);
  event.preventDefault();
  ACTS[act]();
}

function take(event, selector) {
  const button = document.querySelector(`main ${selector}`);
  if (!button) return;
  event.preventDefault();
  button.click();
}

function write(event) {
  const field = document.querySelector("#hypothesis");
  if (!field) return;
  event.preventDefault();
  field.focus();
}

/** The second click of a double click was meant for what the first one was for. A key clicks without detail. */
function once(event) {
  if (!event.detail || !event.target.closest(".panel form button")) return;
  if (event.timeStamp - clicked < DOUBLE) event.preventDefault();
  clicked = event.timeStamp;
}

function click(event) {
  once(event);
  const act = event.target.closest("[data-act]")?.dataset.act;
  if (act) ACTS[act]();
}

export function listen() {
  addEventListener("keydown", press);
  addEventListener("click", click);
}
