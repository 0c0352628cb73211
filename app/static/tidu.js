// Dark mode follows the system where people did not choose; runs before the first paint.
const root = document.documentElement;
if (root.dataset.theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches) {
  root.dataset.bsTheme = "dark";
}
// Copying is offered only where the browser can do it.
if (navigator.clipboard) {
  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
        button.textContent = button.dataset.done;
      });
    }
  });
}

// A menu closes by Escape and by a click elsewhere.
const closeMenus = (but) => {
  for (const menu of document.querySelectorAll(".tidu-menu[open]")) {
    if (!menu.contains(but)) menu.open = false;
  }
};
document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus(null);
});
