// Answers are kept in the browser until the server says that it has them, each in a place of its own: neither a second
// tab nor another reader overwrites one.
import { desk } from "./screen.js";

const PLACE = "first-glance-answer.";

const placeOf = (entry) => `${PLACE}${entry.reader}.${entry.id}`;

/** Without a place to keep answers the plain forms are safer; they work by themselves. */
export function canKeep() {
  try {
    localStorage.setItem("first-glance-probe", "");
    localStorage.removeItem("first-glance-probe");
    return true;
  } catch {
    return false;
  }
}

/** Keep an answer from now on. */
export function keep(action, body) {
  const id = `${action}.${body.get("key") ?? body.get("item")}`;
  const entry = { id, action, body: body.toString(), at: Date.now(), reader: desk().dataset.reader };
  localStorage.setItem(placeOf(entry), JSON.stringify(entry));
  return entry;
}

/** The server has it; another tab's answer to the same question stays. */
export function release(entry) {
  if (localStorage.getItem(placeOf(entry)) === JSON.stringify(entry)) localStorage.removeItem(placeOf(entry));
}

/** What earlier visits of a reader left behind, in the order in which it was given. */
export const left = (reader) =>
  Object.keys(localStorage)
    .filter((place) => place.startsWith(`${PLACE}${reader}.`))
    .map((place) => JSON.parse(localStorage.getItem(place)))
    .sort((one, other) => one.at - other.at);
