// What is being written stays in the browser until it is sent, so a reload loses no word of it.
const SLOT = "first-glance-draft";

const texts = (main) => [...main.querySelectorAll(".panel textarea")];

/** Keep what is in the form. */
function keep(main) {
  const values = Object.fromEntries(texts(main).map((one) => [one.name, one.value]));
  localStorage.setItem(SLOT, JSON.stringify({ key: main.dataset.key, reader: main.dataset.reader, values }));
}

/** An answer was saved: what was being written to that very question is in it. */
export function forget(key) {
  if (JSON.parse(localStorage.getItem(SLOT) ?? "null")?.key === key) localStorage.removeItem(SLOT);
}

/** Fill the form again, if the draft belongs to this very question. */
export function restore(main) {
  const draft = JSON.parse(localStorage.getItem(SLOT) ?? "null");
  if (draft?.key === main.dataset.key && draft.reader === main.dataset.reader) {
    for (const one of texts(main)) one.value = draft.values[one.name] || one.value;
  }
  for (const one of texts(main)) one.addEventListener("input", () => keep(main));
}
