// A card dragged to another column goes back where it was, and what the move asks for is shown: the
// drag decides nothing. Further cards come beneath the ones that are there.
(() => {
  const board = document.querySelector(".board");
  if (board === null) return;

  const dragging = (list) =>
    Sortable.create(list, {
      group: "rungs",
      draggable: ".board-card[data-move]",
      filter: ".tidu-menu, a",
      preventOnFilter: false,
      sort: false,
      delay: 150,
      delayOnTouchOnly: true,
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
      onEnd(event) {
        const column = event.to.dataset.rung;
        const from = event.from;
        if (event.to === from) return;
        from.insertBefore(event.item, from.children[event.oldIndex] ?? null);
        if (column !== "none") tiduPanel.ask(`${event.item.dataset.move}/${column}?${board.dataset.back}`);
      },
    });

  for (const list of board.querySelectorAll(".board-cards")) dragging(list);

  const more = async (link) => {
    const last = link.closest(".board-more");
    link.setAttribute("aria-busy", "true");
    const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) {
      location.assign(link.href);
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const cards = [...page.querySelectorAll(".board-cards > li")];
    last.replaceWith(...cards);
    cards[0]?.querySelector("a")?.focus({ preventScroll: true });
  };

  board.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-more]");
    if (link && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      more(link);
    }
    // A choice is made: the menu has done its work, and focus comes back to its card.
    const menu = event.target.closest("a[data-panel]")?.closest(".tidu-menu");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
})();
