// Shows the next question without a reload: replaces the item, its question and the progress, and keeps the page shell.
export const itemMain = (page = document) => page.querySelector("main.judging-page");

export const parsePage = (text) => new DOMParser().parseFromString(text, "text/html");

/** Whether the page in `text` asks the question already shown; if so, takes its progress, pace note and undo link. */
export function updateSameQuestion(text) {
  const page = parsePage(text);
  const [current, replied] = [itemMain(), itemMain(page)];
  if (!current || !replied) return false;
  if (["answerId", "step", "aids"].some((name) => replied.dataset[name] !== current.dataset[name])) return false;
  for (const selector of [".progress", "[data-pace-note]", "[data-undo]"]) replacePart(page, selector);
  return true;
}

/** Show a page or the second question of the current item, then call `begin`. */
export function showPage({ page, secondQuestion, answerLabel }, begin) {
  if (secondQuestion) return showSecondQuestion(secondQuestion, answerLabel, begin);
  const next = typeof page === "string" ? withHeading(parsePage(page)) : page; // a prefetched page is parsed already
  for (const selector of ["main", ".progress", ".skip"]) replacePart(next, selector);
  document.title = next.title;
  scrollTo({ top: 0, behavior: "instant" });
  history.replaceState(null, "", "/judge");
  const heading = document.querySelector("main h1");
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  begin();
}

/** The page with a heading: where a refusal is a plain sentence, that sentence becomes the heading. */
function withHeading(page) {
  if (page.querySelector("main h1")) return page;
  const [main, heading] = [page.createElement("main"), page.createElement("h1")];
  heading.textContent = page.body.textContent;
  main.append(heading);
  page.body.replaceChildren(main);
  return page;
}

function showSecondQuestion(template, answerLabel, begin) {
  const main = itemMain();
  main.dataset.step = "hypothesis";
  main.dataset.answerId = template.dataset.secondAnswerId;
  main.querySelector(".question").replaceChildren(template.content.cloneNode(true));
  main.querySelector("[data-answer-label-target]").textContent = answerLabel ?? "";
  main.querySelector("#question").focus({ preventScroll: true });
  begin();
}

function replacePart(page, selector) {
  const [current, replacement] = [document.querySelector(selector), page.querySelector(selector)];
  if (current && replacement) current.replaceWith(document.adoptNode(replacement));
  else if (current && selector !== "main") current.remove();
}
