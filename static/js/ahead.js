// The next item's page, fetched while this one is read. Fetching is not seeing: its clock starts when it is shown.
let held = { item: null, text: null };

export async function prefetch(item) {
  if (held.item === item) return;
  held = { item, text: null };
  const mine = held;
  try {
    const response = await fetch(`/judge/ahead/${item}`);
    if (response.status === 200 && !response.redirected) mine.text = await response.text();
  } catch {
    if (held === mine) held = { item: null, text: null };
  }
}

/** The page that follows `item`, or null if it has not come yet. */
export function ahead(item) {
  return held.item === item ? held.text : null;
}
