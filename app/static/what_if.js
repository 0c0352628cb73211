// A slider and its field move together; the answer and the address follow. Nothing is sent that
// was not changed, so an untouched page has a short address.
(() => {
  const form = document.getElementById("what-if");
  const fault = document.getElementById("fault");
  const copy = document.getElementById("copy-link");
  let asked = 0;
  let waiting = null;

  const box = (field) => field.closest(".slider");

  const address = () => {
    const params = new URLSearchParams();
    for (const control of form.querySelectorAll("[data-reload]")) params.set(control.name, control.value);
    for (const field of form.querySelectorAll(".slider .field input")) {
      if (field.value !== box(field).dataset.known && field.value !== "") params.set(field.name, field.value);
    }
    return `${form.action}?${params}`;
  };

  const answer = async () => {
    const mine = ++asked;
    const url = address();
    waiting?.abort();
    waiting = new AbortController();
    try {
      const found = await fetch(`${url}&part=answer`, { signal: waiting.signal, headers: { Accept: "text/html" } });
      if (mine !== asked) return;
      fault.hidden = found.ok;
      if (!found.ok) {
        fault.textContent = form.dataset.fault;
        return;
      }
      document.getElementById("answer").outerHTML = await found.text();
      history.replaceState(null, "", url);
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  };

  let timer;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(answer, 40);
  };

  const mark = (field) => {
    const slider = box(field);
    slider.querySelector("[data-reset]").hidden = field.value === slider.dataset.known;
  };

  form.addEventListener("input", (event) => {
    const slider = event.target.closest(".slider");
    if (slider === null) return;
    const field = slider.querySelector(".field input");
    const range = slider.querySelector("input[type=range]");
    if (event.target === range) field.value = range.value;
    else range.value = field.value === "" ? slider.dataset.known || 0 : field.value;
    mark(field);
    soon();
  });
  form.addEventListener("click", (event) => {
    const name = event.target.dataset?.reset;
    if (name === undefined) return;
    const field = document.getElementById(name);
    field.value = box(field).dataset.known;
    box(field).querySelector("input[type=range]").value = field.value || 0;
    mark(field);
    field.focus();
    soon();
  });
  form.addEventListener("change", (event) => {
    if ("reload" in event.target.dataset) location.assign(address());
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    location.assign(address());
  });
  if (navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(location.href);
      copy.textContent = copy.dataset.done;
    });
  }
})();
