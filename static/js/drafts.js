// What an evaluator writes is stored in the browser until it is sent, so a reload loses nothing.
const STORAGE_PREFIX = "first-glance-draft.";

const storageKeyOf = ({ reader, item }) => `${STORAGE_PREFIX}${reader}.${item}`;
const draftFields = (main) => [...main.querySelectorAll(".question textarea, .question [type=radio]")];

function storeDraft(main) {
  const filledFields = draftFields(main).filter((field) => field.type !== "radio" || field.checked);
  const draft = Object.fromEntries(filledFields.map((field) => [field.name, field.value]));
  localStorage.setItem(storageKeyOf(main.dataset), JSON.stringify(draft));
}

/** Delete the draft of an item whose texts were saved. A changed verdict brings no texts, so the draft stays then. */
export function forgetDraft(reader, savedFields) {
  if (savedFields.has("comment")) localStorage.removeItem(storageKeyOf({ reader, item: savedFields.get("item") }));
}

/** Fill the form with the item's draft, if there is one, and store every later change to the form. */
export function restoreDraft(main) {
  const draft = JSON.parse(localStorage.getItem(storageKeyOf(main.dataset)) ?? "{}");
  for (const field of draftFields(main)) {
    if (field.type === "radio") field.checked ||= draft[field.name] === field.value;
    else field.value = draft[field.name] || field.value;
    field.addEventListener("input", () => storeDraft(main));
  }
}
