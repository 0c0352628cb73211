// A page's part in a dialog: links and forms marked `data-panel` lead to pages of their own, whose
// `[data-panel-body]` is shown here instead. Without this script they are simply followed.
// An answer without such a part is where the work led to: the browser goes there.
(() => {
  const host = document.querySelector("[data-close-label]");
  const dialog = document.createElement("dialog");
  dialog.className = "panel";
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn-close";
  close.setAttribute("aria-label", host?.dataset.closeLabel ?? "×");
  const body = document.createElement("div");
  dialog.append(close, body);
  document.body.append(dialog);

  const leave = (url) => {
    const there = new URL(url);
    const here = there.pathname === location.pathname && there.search === location.search;
    if (!here) {
      location.assign(url);
      return;
    }
    if (there.hash) history.replaceState(null, "", url);
    location.reload();
  };

  const show = (part) => {
    body.replaceChildren(part);
    const heading = part.querySelector("h1, h2");
    if (heading) {
      heading.id ||= "panel-heading";
      dialog.setAttribute("aria-labelledby", heading.id);
    }
    if (!dialog.open) dialog.showModal();
    (part.querySelector("[role=alert]") ? part.querySelector("[autofocus], input:not([type=hidden])") : part.querySelector("[autofocus]"))?.focus();
    dialog.dispatchEvent(new CustomEvent("panel:shown", { bubbles: true }));
  };

  const ask = async (url, options = {}) => {
    dialog.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { ...options, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const part = page.querySelector("[data-panel-body]");
      if (part) show(part);
      else if (answer.ok) leave(answer.url);
      else {
        const told = page.querySelector(".empty") ?? page.querySelector("main");
        show(told);
      }
    } catch {
      const told = document.createElement("p");
      told.setAttribute("role", "alert");
      told.textContent = host?.dataset.fault ?? "…";
      show(told);
    } finally {
      dialog.removeAttribute("aria-busy");
    }
  };

  const encoded = (form, button) => {
    const data = new FormData(form, button);
    return form.enctype === "multipart/form-data" ? data : new URLSearchParams(data);
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-panel]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
      event.preventDefault();
      ask(link.href);
    }
    if (event.target.closest("[data-panel-close]") && dialog.open) {
      event.preventDefault();
      dialog.close();
    }
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-panel]")) return;
    event.preventDefault();
    const sent = encoded(form, event.submitter);
    if (form.method === "post") ask(form.action, { method: "POST", body: sent });
    else ask(`${form.action}?${sent}`);
  });
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => body.replaceChildren());
  window.tiduPanel = { ask, dialog };

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
  // On paper nothing can be opened.
  const closed = [];
  addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll(".portrait details:not([open]):not(.d-print-none)")) {
      part.open = true;
      closed.push(part);
    }
  });
  addEventListener("afterprint", () => {
    for (const part of closed.splice(0)) part.open = false;
  });
})();
