// Answers are stored in the browser until the server has them. Each has a storage key of its own, so that neither a
// second tab nor another reader overwrites it.
import { itemMain } from "./page_swap.js";

const STORAGE_PREFIX = "first-glance-answer.";

const storageKeyOf = (answer) => `${STORAGE_PREFIX}${answer.reader}.${answer.id}`;

/** Whether this browser can store answers. Where it cannot, the plain forms are used: they work without a script. */
export function canStoreAnswers() {
  try {
    localStorage.setItem("first-glance-probe", "");
    localStorage.removeItem("first-glance-probe");
    return true;
  } catch {
    return false;
  }
}

/** Store the fields of a form before they are sent to the address `action`. */
export function storeAnswer(action, fields) {
  const id = `${action}.${fields.get("key") ?? fields.get("item")}`;
  const answer = { id, action, body: fields.toString(), at: Date.now(), reader: itemMain().dataset.reader };
  localStorage.setItem(storageKeyOf(answer), JSON.stringify(answer));
  return answer;
}

/** Remove an answer that the server has. Another tab's answer to the same question stays. */
export function removeAnswer(answer) {
  const key = storageKeyOf(answer);
  if (localStorage.getItem(key) === JSON.stringify(answer)) localStorage.removeItem(key);
}

/** A reader's answers that were not sent yet, oldest first. */
export const unsentAnswers = (reader) =>
  Object.keys(localStorage)
    .filter((key) => key.startsWith(`${STORAGE_PREFIX}${reader}.`))
    .map((key) => JSON.parse(localStorage.getItem(key)))
    .sort((first, second) => first.at - second.at);
