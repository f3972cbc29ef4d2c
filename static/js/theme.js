// Runs before the page is painted: the reader's own choice of light or dark, and of a fixed-width face.
try {
  const root = document.documentElement;
  const theme = localStorage.getItem("theme");
  if (theme) root.dataset.theme = theme;
  root.classList.toggle("fixed", localStorage.getItem("fixed") === "true");
} catch {
  // A browser that keeps nothing shows the system's theme.
}
