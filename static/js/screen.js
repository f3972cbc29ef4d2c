// What is shown: the frame stays, the item, its question and the progress are exchanged.
export const desk = (page = document) => page.querySelector("main.desk");

export const parse = (text) => new DOMParser().parseFromString(text, "text/html");

/** Whether the page in `text` asks what is being asked already; then only what it says beside that is taken over. */
export function same(text) {
  const page = parse(text);
  const [there, here] = [desk(page), desk()];
  if (!there || !here || ["key", "step", "aids"].some((one) => there.dataset[one] !== here.dataset[one])) return false;
  for (const part of [".progress", "[data-rest]", "[data-undo]"]) exchange(page, part);
  return true;
}

/** Show a page, or the second question of the item at hand; then call `begin`. */
export function show({ page, second, said }, begin) {
  if (second) return ask(second, said, begin);
  const next = typeof page === "string" ? whole(parse(page)) : page; // what was fetched ahead was parsed ahead
  for (const part of ["main", ".progress", ".skip"]) exchange(next, part);
  document.title = next.title;
  document.body.className = next.body.className;
  scrollTo({ top: 0, behavior: "instant" });
  history.replaceState(null, "", "/judge");
  const heading = document.querySelector("main h1");
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  begin();
}

/** A refusal that came as one sentence, as a page. */
function whole(page) {
  if (page.querySelector("main h1")) return page;
  const [main, heading] = [page.createElement("main"), page.createElement("h1")];
  heading.textContent = page.body.textContent;
  main.append(heading);
  page.body.replaceChildren(main);
  return page;
}

function ask(second, said, begin) {
  const main = desk();
  main.dataset.step = "hypothesis";
  main.dataset.key = second.dataset.second;
  main.querySelector(".question").replaceChildren(second.content.cloneNode(true));
  main.querySelector("[data-said-here]").textContent = said ?? "";
  main.querySelector("#question").focus({ preventScroll: true });
  begin();
}

function exchange(page, selector) {
  const [old, fresh] = [document.querySelector(selector), page.querySelector(selector)];
  if (old && fresh) old.replaceWith(document.adoptNode(fresh));
  else if (old && selector !== "main") old.remove();
}
