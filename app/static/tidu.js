// Dark mode follows the system where people did not choose; runs before the first paint.
const root = document.documentElement;
if (root.dataset.theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches) {
  root.dataset.bsTheme = "dark";
}

// A link that is shown once is selected as a whole; a menu closes by Escape and by a click elsewhere.
document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-copy]")) event.target.select();
});
const closeMenus = (but) => {
  for (const menu of document.querySelectorAll(".tidu-menu[open]")) {
    if (!menu.contains(but)) menu.open = false;
  }
};
document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus(null);
});
