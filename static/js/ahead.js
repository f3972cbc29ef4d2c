// The next item's page, fetched while this one is read. Fetching is not seeing: its clock starts when it is shown.
import { parse } from "./screen.js";

let held = { item: null, page: null };

export async function prefetch(item) {
  if (held.item === item) return;
  held = { item, page: null };
  const mine = held;
  try {
    const response = await fetch(`/judge/ahead/${item}`);
    if (response.status === 200 && !response.redirected) mine.page = parse(await response.text());
  } catch {
    if (held === mine) held = { item: null, page: null };
  }
}

/** The page that follows `item`, or null if it has not come yet. */
export function ahead(item) {
  return held.item === item ? held.page : null;
}
