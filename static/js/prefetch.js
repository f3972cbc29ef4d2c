// The next item's page, fetched while this one is read. Fetching is not seeing: its clock starts when it is shown.
import { parsePage } from "./page_swap.js";

let prefetched = { item: null, page: null };

/** Fetch the page that follows `item`, once. */
export function prefetchAfter(item) {
  if (prefetched.item !== item) prefetched = { item, page: fetchPageAfter(item) };
}

async function fetchPageAfter(item) {
  try {
    const response = await fetch(`/judge/ahead/${item}`);
    if (response.status === 200 && !response.redirected) return parsePage(await response.text());
  } catch {
    if (prefetched.item === item) prefetched = { item: null, page: null };
  }
  return null;
}

/** A promise of the page that follows `item`; of null if it was not fetched or does not exist. */
export const prefetchedPageAfter = async (item) => (prefetched.item === item ? prefetched.page : null);
