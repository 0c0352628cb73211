// The workbench: how many rows are ticked, and how wide columns are.
(() => {
  const form = document.getElementById("selection");
  if (!form) return;

  // --- selection ------------------------------------------------------------------------------
  const told = form.querySelector("[data-selected]");
  const all = form.querySelector("[data-all]");
  const beside = form.querySelector("button[data-most]");
  const boxes = () => [...form.querySelectorAll("tbody td.pick input")];
  const count = () => {
    const ticked = boxes().filter((box) => box.checked).length;
    told.textContent = ticked ? told.dataset.selected.replace("{count}", ticked) : "";
    if (all) all.checked = ticked > 0 && ticked === boxes().length;
    if (beside) beside.disabled = ticked < Number(beside.dataset.least) || ticked > Number(beside.dataset.most);
  };
  if (all) all.hidden = false;
  form.addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes()) box.checked = all.checked;
    count();
  });
  document.addEventListener("htmx:afterSwap", count);
  count(); // the browser may have kept the ticks of a page one comes back to

  // --- widths ---------------------------------------------------------------------------------
  // A person's own widths stay in the browser; those of a saved view come with the page.
  const table = form.querySelector("table[data-widths]");
  if (!table) return;
  const NARROWEST = 48;
  const STEP = 16;
  const place = `widths${location.pathname}`;
  const read = (text) => new Map((text ?? "").split(",").filter(Boolean).map((part) => part.split(":")));
  const widths = new Map([...read(localStorage.getItem(place)), ...read(table.dataset.widths)]);
  const written = () => [...widths].map((pair) => pair.join(":")).join(",");
  const set = (head, wide) => {
    head.style.width = head.style.minWidth = head.style.maxWidth = `${Math.max(NARROWEST, wide)}px`;
    head.classList.add("sized");
  };
  const keep = (head) => {
    widths.set(head.dataset.column, Math.round(head.getBoundingClientRect().width));
    localStorage.setItem(place, written());
  };
  for (const head of table.querySelectorAll("th[data-column]")) {
    const known = Number(widths.get(head.dataset.column));
    if (known) set(head, known);
    const grip = document.createElement("span");
    grip.className = "grip";
    grip.tabIndex = 0;
    grip.setAttribute("role", "separator");
    grip.setAttribute("aria-orientation", "vertical");
    grip.setAttribute("aria-label", head.textContent.trim());
    grip.setAttribute("aria-valuenow", Math.round(head.getBoundingClientRect().width));
    head.append(grip);
    grip.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      grip.setPointerCapture(event.pointerId);
      const from = event.clientX - head.getBoundingClientRect().width;
      const drag = (moved) => set(head, moved.clientX - from);
      grip.addEventListener("pointermove", drag);
      grip.addEventListener("pointerup", () => {
        grip.removeEventListener("pointermove", drag);
        keep(head);
      }, { once: true });
    });
    grip.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!way) return;
      event.preventDefault();
      set(head, head.getBoundingClientRect().width + way * STEP);
      keep(head);
    });
  }
  // A view that is saved keeps them for whoever uses it.
  document.addEventListener("panel:shown", (event) => {
    const field = event.target.querySelector("input[name=widths]");
    if (field) field.value = written();
  });
})();
