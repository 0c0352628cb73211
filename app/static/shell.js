// The shell: the menu of narrow screens, the search box's suggestions, keyboard shortcuts, notices,
// and the progress of forms whose answer takes long (`data-working` says what is being done).
(() => {
  const body = document.body;
  const one = (selector, within = document) => within.querySelector(selector);

  // --- menu of narrow screens -----------------------------------------------------------------
  const toggle = one("[data-toggle-nav]");
  const showNav = (shown) => {
    body.classList.toggle("nav-open", shown);
    toggle?.setAttribute("aria-expanded", String(shown));
  };
  toggle?.addEventListener("click", () => showNav(!body.classList.contains("nav-open")));

  // --- dialogs and notices --------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) document.getElementById(opener.dataset.open).showModal();
    if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
    if (event.target.closest("[data-dismiss]")) event.target.closest(".notice").remove();
    if (event.target.matches("dialog.sheet")) event.target.close(); // its backdrop
  });

  // --- what takes long ------------------------------------------------------------------------
  const SOON = 300;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.working || event.defaultPrevented) return;
    const line = document.createElement("p");
    line.className = "working";
    line.innerHTML = '<progress></progress> <span role="status"></span> <span aria-hidden="true"></span>';
    const [bar, told, clock] = line.children;
    bar.setAttribute("aria-label", form.dataset.working);
    const begun = Date.now();
    const tick = () => (clock.textContent = `${Math.round((Date.now() - begun) / 1000)} s`);
    const timers = [setInterval(tick, 1000)];
    timers.push(setTimeout(() => {
      for (const button of form.querySelectorAll("[type=submit]")) button.disabled = true;
      form.append(line);
      told.textContent = form.dataset.working;
      tick();
    }, SOON));
    addEventListener("pagehide", () => {
      timers.forEach(clearInterval);
      line.remove();
      for (const button of form.querySelectorAll("[type=submit]")) button.disabled = false;
    }, { once: true });
  });

  // --- suggestions ----------------------------------------------------------------------------
  const finder = one("#finder");
  const found = one("#found");
  const choices = () => [...(found?.querySelectorAll("a") ?? [])];
  const forget = () => found?.replaceChildren();
  const move = (step) => {
    const all = [finder, ...choices()];
    const now = Math.max(all.indexOf(document.activeElement), 0);
    all[(now + step + all.length) % all.length].focus();
  };
  one(".finder")?.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!choices().length) return;
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape" && choices().length) {
      event.preventDefault();
      finder.focus();
      forget();
    }
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".finder")) forget();
  });
  one(".finder")?.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !event.currentTarget.contains(event.relatedTarget)) forget();
  });

  // --- shortcuts ------------------------------------------------------------------------------
  const PAUSE = 1200;
  let begun = "";
  let timer;
  const typing = (target) =>
    target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  const press = (keys) => {
    if (keys === "/") finder?.focus();
    else if (keys === "?") one("#keys")?.showModal();
    else {
      const link = [...document.querySelectorAll("[data-keys]")].find((a) => a.dataset.keys === keys);
      if (!link) return false;
      link.click();
    }
    return true;
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") showNav(false);
    if (body.dataset.shortcuts !== "on" || event.defaultPrevented || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (one("dialog[open]") || event.key.length !== 1) return;
    clearTimeout(timer);
    const keys = begun ? `${begun} ${event.key}` : event.key;
    begun = "";
    if (press(keys)) event.preventDefault();
    else if (!keys.includes(" ")) {
      begun = event.key;
      timer = setTimeout(() => (begun = ""), PAUSE);
    }
  });
})();
