// Fetches the next item's page while the current one is read. Its clock starts only when the page is shown.
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

/** The page that follows `item`, as a promise; null if it was not fetched or does not exist. */
export const prefetchedPageAfter = async (item) => (prefetched.item === item ? prefetched.page : null);
