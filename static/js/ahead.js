// The next item's page, fetched while this one is read. Fetching is not seeing: its clock starts when it is shown.
import { parse } from "./screen.js";

let held = { item: null, page: null };

export function prefetch(item) {
  if (held.item !== item) held = { item, page: fetched(item) };
}

async function fetched(item) {
  try {
    const response = await fetch(`/judge/ahead/${item}`);
    if (response.status === 200 && !response.redirected) return parse(await response.text());
  } catch {
    if (held.item === item) held = { item: null, page: null };
  }
  return null;
}

/** A promise of the page that follows `item`; of null if it cannot be had. */
export const ahead = async (item) => (held.item === item ? held.page : null);
