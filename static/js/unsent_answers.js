// Answers stay in the browser until the server says that it has them, each under a key of its own: neither a second
// tab nor another reader overwrites one.
import { itemMain } from "./page_swap.js";

const STORAGE_PREFIX = "first-glance-answer.";

const storageKeyOf = (answer) => `${STORAGE_PREFIX}${answer.reader}.${answer.id}`;

/** Where nothing can be stored the plain forms are safer; they work by themselves. */
export function canStoreAnswers() {
  try {
    localStorage.setItem("first-glance-probe", "");
    localStorage.removeItem("first-glance-probe");
    return true;
  } catch {
    return false;
  }
}

/** Store the fields of a form that is about to be sent to the address `action`. */
export function storeAnswer(action, fields) {
  const id = `${action}.${fields.get("key") ?? fields.get("item")}`;
  const answer = { id, action, body: fields.toString(), at: Date.now(), reader: itemMain().dataset.reader };
  localStorage.setItem(storageKeyOf(answer), JSON.stringify(answer));
  return answer;
}

/** The server has this answer; another tab's answer to the same question stays. */
export function removeAnswer(answer) {
  const key = storageKeyOf(answer);
  if (localStorage.getItem(key) === JSON.stringify(answer)) localStorage.removeItem(key);
}

/** A reader's answers that earlier visits left behind, in the order in which they were given. */
export const unsentAnswers = (reader) =>
  Object.keys(localStorage)
    .filter((key) => key.startsWith(`${STORAGE_PREFIX}${reader}.`))
    .map((key) => JSON.parse(localStorage.getItem(key)))
    .sort((first, second) => first.at - second.at);
