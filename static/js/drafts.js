// What is being written stays in the browser until it is sent, so a reload loses no word of it.
const SLOT = "first-glance-draft";

const texts = (main) => [...main.querySelectorAll(".panel textarea")];

/** Keep what is in the form; null forgets it, which is what a saved answer does. */
export function keep(main) {
  if (!main) return localStorage.removeItem(SLOT);
  const values = Object.fromEntries(texts(main).map((one) => [one.name, one.value]));
  localStorage.setItem(SLOT, JSON.stringify({ key: main.dataset.key, reader: main.dataset.reader, values }));
}

/** Fill the form again, if the draft belongs to this very question. */
export function restore(main) {
  const draft = JSON.parse(localStorage.getItem(SLOT) ?? "null");
  if (draft?.key === main.dataset.key && draft.reader === main.dataset.reader) {
    for (const one of texts(main)) one.value = draft.values[one.name] || one.value;
  }
  for (const one of texts(main)) one.addEventListener("input", () => keep(main));
}
