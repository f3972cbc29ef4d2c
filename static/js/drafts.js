// What is being written stays in the browser until it is sent, so a reload loses no word of it.
const PLACE = "first-glance-draft.";

const placeOf = ({ reader, item }) => `${PLACE}${reader}.${item}`;
const fields = (main) => [...main.querySelectorAll(".question textarea, .question [type=radio]")];

/** Keep what is in the form. */
function keep(main) {
  const written = fields(main).filter((one) => one.type !== "radio" || one.checked);
  localStorage.setItem(placeOf(main.dataset), JSON.stringify(Object.fromEntries(written.map((one) => [one.name, one.value]))));
}

/** Words about an item were saved: what was being written is in them. A verdict changed meanwhile takes none along. */
export function forget(reader, sent) {
  if (sent.has("comment")) localStorage.removeItem(placeOf({ reader, item: sent.get("item") }));
}

/** Fill the form again, if there is a draft about this item. */
export function restore(main) {
  const draft = JSON.parse(localStorage.getItem(placeOf(main.dataset)) ?? "{}");
  for (const one of fields(main)) {
    if (one.type === "radio") one.checked ||= draft[one.name] === one.value;
    else one.value = draft[one.name] || one.value;
    one.addEventListener("input", () => keep(main));
  }
}
