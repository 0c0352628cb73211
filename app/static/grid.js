// The grid of data entry: a table that works like a spreadsheet and saves as one goes.
//
// The server owns every rule: cells are sent as typed, and each comes back with its result. What
// could not be sent yet is kept in this browser until it is; what was refused, on the server.

const table = document.getElementById("grid");
const columns = table.dataset.columns.split(",");
const editable = "editable" in table.dataset;
const say = (name, n) => table.dataset[name].replace("{n}", n);
const state = document.getElementById("entry-state");
const note = document.getElementById("entry-note");
const ready = document.getElementById("entry-ready");
// Firm names and outcomes stand before the first figure.
const FIRST = 2;
const MOST = 2000;
const rows = [...table.tBodies[0].rows].filter((row) => row.dataset.firm);
const byFirm = new Map(rows.map((row, number) => [Number(row.dataset.firm), number]));
const kept = `tidu-entry-${table.dataset.user}-${table.dataset.year}`;

const td = (row, column) => rows[row].cells[column + FIRST];
const value = (cell) => cell.querySelector(".v").textContent;
const clamp = (number, most) => Math.max(0, Math.min(number, most));

// --- where one is ------------------------------------------------------------------------------

let at = { row: 0, column: 0 };
let anchor = at;
let editor = null;
let leaving = false;
let marked = [];

function box() {
  return {
    top: Math.min(at.row, anchor.row), bottom: Math.max(at.row, anchor.row),
    left: Math.min(at.column, anchor.column), right: Math.max(at.column, anchor.column),
  };
}

function mark() {
  for (const cell of marked) {
    cell.classList.remove("chosen");
    cell.removeAttribute("aria-selected");
  }
  marked = [];
  const { top, bottom, left, right } = box();
  if (top === bottom && left === right) return;
  for (let row = top; row <= bottom; row += 1) {
    for (let column = left; column <= right; column += 1) {
      const cell = td(row, column);
      cell.classList.add("chosen");
      cell.setAttribute("aria-selected", "true");
      marked.push(cell);
    }
  }
}

function show(cell) {
  const lines = [];
  const add = (text, kind) => lines.push([text, kind]);
  if (cell.dataset.fault) add(cell.dataset.fault, "why");
  for (const rival of cell.querySelectorAll(".other")) {
    const stands = `${say("stands")}: ${cell.dataset.text || "—"}`;
    add(`${stands} (${cell.dataset.source || "—"}) · ${say("rejected")}: ${rival.textContent}`, "other");
  }
  if (cell.dataset.fault && cell.dataset.text) add(`${say("stored")}: ${cell.dataset.text}`);
  if (!lines.length && cell.dataset.source) add(`${say("sourceWord")}: ${cell.dataset.source}`);
  const head = document.createElement("strong");
  const row = cell.parentElement;
  const title = table.tHead.rows[0].cells[cell.cellIndex].textContent;
  head.textContent = `${row.cells[0].textContent} · ${title}`;
  note.replaceChildren(head, ...lines.map(([text, kind]) => {
    const line = document.createElement("span");
    line.textContent = text;
    if (kind) line.className = kind;
    return line;
  }));
  note.hidden = false;
}

function go(row, column, { extend = false } = {}) {
  td(at.row, at.column).tabIndex = -1;
  at = { row: clamp(row, rows.length - 1), column: clamp(column, columns.length - 1) };
  if (!extend) anchor = at;
  const cell = td(at.row, at.column);
  cell.tabIndex = 0;
  cell.focus({ preventScroll: true });
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  mark();
  show(cell);
}

// --- changes: sent in blocks, undone in blocks -------------------------------------------------

let past = [];
let future = [];
let waiting = new Map();
let sending = false;
let retry = 0;

const key = (firm, column) => `${firm}:${column}`;

function remember() {
  try {
    if (waiting.size) {
      const unit = table.dataset.unit;
      localStorage.setItem(kept, JSON.stringify({ unit, cells: [...waiting.values()] }));
    } else {
      localStorage.removeItem(kept);
    }
  } catch {
    // Without storage the page itself still keeps what is typed.
  }
}

function put(changes, { clear = true, undoable = true } = {}) {
  const before = changes.map((change) => ({ ...change, text: value(td(change.row, change.column)) }));
  if (undoable) {
    past.push({ before, after: changes, clear });
    future = [];
  }
  for (const { row, column, text } of changes) {
    const cell = td(row, column);
    if (clear || text.trim()) cell.querySelector(".v").textContent = text;
    cell.classList.add("waiting");
    const firm = Number(rows[row].dataset.firm);
    waiting.set(key(firm, columns[column]), { firm, column: columns[column], text, clear });
  }
  remember();
  send();
}

function undo() {
  const block = past.pop();
  if (!block) return;
  future.push(block);
  put(block.before, { undoable: false });
  go(block.before[0].row, block.before[0].column);
}

function redo() {
  const block = future.pop();
  if (!block) return;
  past.push(block);
  put(block.after, { clear: block.clear, undoable: false });
  go(block.after[0].row, block.after[0].column);
}

async function send() {
  if (sending || !waiting.size) return;
  sending = true;
  const first = waiting.values().next().value;
  const block = [...waiting.entries()].filter(([, c]) => c.clear === first.clear).slice(0, MOST);
  state.textContent = say("saving", block.length);
  let answer = null;
  try {
    answer = await fetch("/entry/cells", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({
        year: Number(table.dataset.year), unit: table.dataset.unit, set: table.dataset.set,
        clear: first.clear,
        cells: block.map(([, { firm, column, text }]) => ({ firm, column, text: text.slice(0, 200) })),
      }),
    });
  } catch {
    answer = null;
  }
  sending = false;
  if (answer === null || answer.status >= 500 || answer.status === 409 || answer.status === 429) {
    // The same block again later: it changes nothing if it had arrived after all.
    state.textContent = say("offline", waiting.size);
    retry = Math.min(retry * 2 || 1000, 30000);
    setTimeout(send, retry);
    return;
  }
  retry = 0;
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({ detail: "" }));
    state.textContent = answer.status === 401
      ? say("signedOut") : `${say("refused")}: ${problem.detail}`;
    return;
  }
  const done = await answer.json();
  for (const [name, sent] of block) {
    // Typed anew while it was on its way: that is sent next.
    if (waiting.get(name) === sent) waiting.delete(name);
  }
  remember();
  receive(done);
  send();
}

// --- what came back ----------------------------------------------------------------------------

function small(kind, text) {
  const line = document.createElement("small");
  line.className = kind;
  line.textContent = text;
  return line;
}

function redraw(cell, result) {
  const faulty = result.status === "faulty";
  cell.dataset.text = result.text;
  cell.dataset.source = result.source || "";
  cell.classList.remove("waiting");
  cell.classList.toggle("faulty", faulty);
  cell.classList.toggle("rival", !faulty && result.rivals.length > 0);
  if (result.status === "saved") {
    cell.classList.add("fresh");
    setTimeout(() => cell.classList.remove("fresh"), 2500);
  }
  const shown = document.createElement("span");
  shown.className = "v";
  shown.textContent = faulty ? result.typed : result.text;
  const others = result.rivals.map((rival) => small("other", `${rival.source} ${rival.text}`));
  if (faulty) {
    cell.dataset.fault = result.fault;
    cell.setAttribute("aria-invalid", "true");
    cell.replaceChildren(shown, small("why", result.fault), ...others);
  } else {
    delete cell.dataset.fault;
    cell.removeAttribute("aria-invalid");
    cell.replaceChildren(shown, ...others);
  }
}

function stand(firm) {
  const row = rows[byFirm.get(firm.firm)];
  if (!row) return 0;
  const cell = row.cells[1];
  const before = cell.querySelector(".outcome");
  const was = before.classList.contains("met");
  const badge = document.createElement("span");
  badge.className = `outcome ${firm.outcome}`;
  badge.textContent = firm.label;
  cell.replaceChildren(badge);
  if (firm.outcome !== "met") cell.append(" ", small("", firm.unmet + firm.unknown));
  const turned = firm.outcome === "met" && !was;
  row.classList.toggle("turned", turned);
  return Number(turned);
}

function receive({ cells, firms }) {
  const counts = { saved: 0, faulty: 0, conflict: 0 };
  for (const result of cells) {
    counts[result.status] = (counts[result.status] || 0) + 1;
    const row = byFirm.get(result.firm);
    const column = columns.indexOf(result.column);
    if (row === undefined || column < 0 || waiting.has(key(result.firm, result.column))) continue;
    const cell = td(row, column);
    if (editor && cell.contains(editor)) continue;
    redraw(cell, result);
  }
  const turned = firms.reduce((sum, firm) => sum + stand(firm), 0);
  ready.textContent = table.querySelectorAll("td.standing .met").length;
  const said = [];
  if (counts.saved) said.push(say("saved", counts.saved));
  if (counts.conflict) said.push(say("conflicts", counts.conflict));
  if (counts.faulty) said.push(say("faults", counts.faulty));
  if (turned) said.push(say("turned", turned));
  state.textContent = said.join(" · ") || say("nothing");
  if (rows.length) show(td(at.row, at.column));
}

// --- typing into a cell ------------------------------------------------------------------------

function edit(text) {
  if (!editable || editor) return;
  const cell = td(at.row, at.column);
  editor = document.createElement("input");
  editor.className = "entry-editor";
  editor.maxLength = 200;
  editor.autocomplete = "off";
  editor.setAttribute("aria-label", note.querySelector("strong")?.textContent || "");
  editor.value = text === undefined ? value(cell) : text;
  cell.classList.add("editing");
  cell.append(editor);
  editor.focus();
  if (text === undefined) editor.select();
  editor.addEventListener("blur", () => finish(true));
}

function finish(keep) {
  if (!editor) return;
  const input = editor;
  editor = null;
  const cell = input.parentElement;
  cell.classList.remove("editing");
  const text = input.value;
  input.remove();
  if (keep && text !== value(cell)) put([{ ...at, text }]);
}

// --- blocks from and to spreadsheets -----------------------------------------------------------

// Cells by tab, rows by line; a quoted cell may hold both, and two quotes stand for one.
function parse(text) {
  const found = [[""]];
  let quoted = false;
  let start = true;
  const last = () => found[found.length - 1];
  for (let i = 0; i < text.length; i += 1) {
    const sign = text[i];
    if (quoted) {
      if (sign === '"' && text[i + 1] === '"') {
        last()[last().length - 1] += '"';
        i += 1;
      } else if (sign === '"') {
        quoted = false;
      } else {
        last()[last().length - 1] += sign;
      }
    } else if (sign === '"' && start) {
      quoted = true;
      start = false;
    } else if (sign === "\t") {
      last().push("");
      start = true;
    } else if (sign === "\n" || sign === "\r") {
      if (sign === "\r" && text[i + 1] === "\n") i += 1;
      found.push([""]);
      start = true;
    } else {
      last()[last().length - 1] += sign;
      start = false;
    }
  }
  if (found.length > 1 && last().length === 1 && last()[0] === "") found.pop();
  return found;
}

function quote(text) {
  return /["\t\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function paste(text) {
  const block = parse(text);
  const { top, bottom, left, right } = box();
  const one = block.length === 1 && block[0].length === 1;
  const changes = [];
  let outside = 0;
  const high = one ? bottom - top + 1 : block.length;
  for (let r = 0; r < high; r += 1) {
    const line = one ? Array(right - left + 1).fill(block[0][0]) : block[r];
    line.forEach((typed, c) => {
      const row = top + r;
      const column = left + c;
      // As in imports, an empty cell leaves the value as it is.
      if (!typed.trim()) return;
      if (row >= rows.length || column >= columns.length) outside += 1;
      else changes.push({ row, column, text: typed.trim() });
    });
  }
  if (changes.length) {
    put(changes, { clear: false });
    anchor = { row: top, column: left };
    const furthest = changes[changes.length - 1];
    go(furthest.row, Math.max(...changes.map((change) => change.column)), { extend: true });
  }
  if (outside) state.textContent = say("outside", outside);
}

table.addEventListener("paste", (event) => {
  if (editor || !editable) return;
  event.preventDefault();
  paste(event.clipboardData.getData("text/plain"));
});

for (const kind of ["copy", "cut"]) {
  table.addEventListener(kind, (event) => {
    if (editor) return;
    const { top, bottom, left, right } = box();
    const lines = [];
    for (let row = top; row <= bottom; row += 1) {
      const line = [];
      for (let column = left; column <= right; column += 1) line.push(quote(value(td(row, column))));
      lines.push(line.join("\t"));
    }
    event.clipboardData.setData("text/plain", lines.join("\n"));
    event.preventDefault();
    if (kind === "cut") empty();
  });
}

function empty() {
  if (!editable) return;
  const { top, bottom, left, right } = box();
  const changes = [];
  for (let row = top; row <= bottom; row += 1) {
    for (let column = left; column <= right; column += 1) {
      if (value(td(row, column))) changes.push({ row, column, text: "" });
    }
  }
  if (changes.length) put(changes);
}

// --- keys and pointer --------------------------------------------------------------------------

const page = () => Math.max(1, Math.floor(table.parentElement.clientHeight / 34) - 2);
const MOVES = {
  ArrowUp: () => [at.row - 1, at.column],
  ArrowDown: () => [at.row + 1, at.column],
  ArrowLeft: () => [at.row, at.column - 1],
  ArrowRight: () => [at.row, at.column + 1],
  PageUp: () => [at.row - page(), at.column],
  PageDown: () => [at.row + page(), at.column],
  Home: (event) => [event.ctrlKey ? 0 : at.row, 0],
  End: (event) => [event.ctrlKey ? rows.length - 1 : at.row, columns.length - 1],
};

function tab(event) {
  const next = at.column + (event.shiftKey ? -1 : 1);
  const row = at.row + (next < 0 ? -1 : next >= columns.length ? 1 : 0);
  // Past either end, and after Escape, Tab leaves the grid as it leaves any other field.
  if (leaving || row < 0 || row >= rows.length) return;
  event.preventDefault();
  go(row, (next + columns.length) % columns.length);
}

function whileEditing(event) {
  if (event.isComposing) return;
  if (event.key === "Escape") {
    event.preventDefault();
    finish(false);
    go(at.row, at.column);
  } else if (event.key === "Enter") {
    event.preventDefault();
    finish(true);
    go(at.row + (event.shiftKey ? -1 : 1), at.column);
  } else if (event.key === "Tab") {
    finish(true);
    tab(event);
    if (!event.defaultPrevented) td(at.row, at.column).focus();
  }
  event.stopPropagation();
}

function command(event) {
  const letter = event.key.toLowerCase();
  if (letter === "z" && !event.shiftKey) undo();
  else if (letter === "y" || (letter === "z" && event.shiftKey)) redo();
  else if (letter === "a") {
    anchor = { row: 0, column: 0 };
    go(rows.length - 1, columns.length - 1, { extend: true });
  } else return false;
  return true;
}

function press(event) {
  if (editor) {
    whileEditing(event);
    return;
  }
  if (!event.target.closest("td") || event.altKey) return;
  const meant = event.key;
  if (meant === "Tab") {
    tab(event);
    return;
  }
  leaving = meant === "Escape";
  if (leaving) {
    anchor = at;
    mark();
  } else if (meant in MOVES) {
    event.preventDefault();
    go(...MOVES[meant](event), { extend: event.shiftKey });
  } else if (event.ctrlKey || event.metaKey) {
    if (command(event)) event.preventDefault();
  } else if (meant === "Enter" || meant === "F2") {
    event.preventDefault();
    edit();
  } else if (meant === "Delete" || meant === "Backspace") {
    event.preventDefault();
    empty();
  } else if (meant === "Process" || meant === "Unidentified") {
    edit(""); // an input method begins to compose
  } else if (meant.length === 1) {
    event.preventDefault();
    edit(meant);
  }
}

function place(target) {
  const cell = target.closest("td");
  if (!cell || !table.contains(cell) || cell.cellIndex < FIRST) return null;
  const row = byFirm.get(Number(cell.parentElement.dataset.firm));
  return row === undefined ? null : { row, column: cell.cellIndex - FIRST };
}

let dragging = false;

function down(event) {
  if (event.button || (editor && event.target === editor)) return;
  const where = place(event.target);
  if (!where) return;
  event.preventDefault();
  const again = where.row === at.row && where.column === at.column
    && document.activeElement === td(at.row, at.column);
  finish(true);
  dragging = event.pointerType === "mouse";
  go(where.row, where.column, { extend: event.shiftKey });
  // A finger has no double click: the second tap types.
  if (again && event.pointerType === "touch") edit();
}

function over(event) {
  if (!dragging) return;
  const where = place(event.target);
  if (where && (where.row !== at.row || where.column !== at.column)) {
    go(where.row, where.column, { extend: true });
  }
}

// --- from here on ------------------------------------------------------------------------------

// What did not reach the server before the page was closed.
function restore() {
  let found = null;
  try {
    found = JSON.parse(localStorage.getItem(kept));
  } catch {
    found = null;
  }
  if (!found || found.unit !== table.dataset.unit) return;
  for (const one of found.cells) {
    waiting.set(key(one.firm, one.column), one);
    const row = byFirm.get(one.firm);
    const column = columns.indexOf(one.column);
    if (row === undefined || column < 0) continue;
    td(row, column).querySelector(".v").textContent = one.text;
    td(row, column).classList.add("waiting");
  }
  send();
}

if (rows.length && columns[0]) {
  td(0, 0).tabIndex = 0;
  table.addEventListener("keydown", press);
  table.addEventListener("pointerdown", down);
  table.addEventListener("pointerover", over);
  document.addEventListener("pointerup", () => { dragging = false; });
  table.addEventListener("dblclick", (event) => { if (place(event.target)) edit(); });
  table.addEventListener("focusin", (event) => {
    const where = place(event.target);
    if (where && !editor && event.target.matches("td")) {
      leaving = false;
      if (note.hidden) show(event.target);
    }
  });
  addEventListener("beforeunload", (event) => { if (waiting.size && !retry) event.preventDefault(); });
  addEventListener("online", () => send());
  if (editable) restore();
}
