// Runs before the page is painted: applies the reader's stored choice of theme and of the fixed-width typeface.
try {
  const root = document.documentElement;
  const theme = localStorage.getItem("theme");
  if (theme) root.dataset.theme = theme;
  root.classList.toggle("fixed", localStorage.getItem("fixed") === "true");
} catch {
  // Where the browser allows no storage, the system's theme is shown.
}
