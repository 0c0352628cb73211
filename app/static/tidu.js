// Dark mode follows the system where people did not choose; runs before the first paint.
const root = document.documentElement;
if (root.dataset.theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches) {
  root.dataset.bsTheme = "dark";
}
