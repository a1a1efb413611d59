// Sorts and filters the ledger, unfolds code, pauses animations.
"use strict";

const SORTED = ["none", "ascending", "descending"];

function compared(a, b) {
  const [x, y] = [Number(a), Number(b)];
  return a !== "" && b !== "" && !Number.isNaN(x) && !Number.isNaN(y) ? x - y : a.localeCompare(b, "en");
}

// Rows without a value come last. Equal rows keep the chapter's order, and so do all rows when unsorted.
function sort(table, column, direction) {
  const body = table.tBodies[0];
  const rows = [...body.rows].sort((a, b) => a.dataset.order - b.dataset.order);
  if (direction !== "none") {
    const sign = direction === "ascending" ? 1 : -1;
    const value = (row) => row.cells[column].dataset.sort;
    rows.sort((a, b) => (value(a) === "") - (value(b) === "") || sign * compared(value(a), value(b)));
  }
  body.append(...rows);
}

function makeSortable(table) {
  [...table.tBodies[0].rows].forEach((row, at) => { row.dataset.order = at; });
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const next = SORTED[(SORTED.indexOf(head.getAttribute("aria-sort")) + 1) % SORTED.length];
      heads.forEach((other) => other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", next);
      sort(table, column, next);
    });
  });
}

function makeFilterable(form, table) {
  const rows = [...table.tBodies[0].rows];
  const status = form.querySelector("[role=status]");
  const text = new Map(rows.map((row) => [row, `${row.textContent} ${row.dataset.words}`.toLowerCase()]));
  const filter = () => {
    const chosen = new FormData(form);
    const verdicts = chosen.getAll("verdict");
    const words = chosen.get("words").toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row) => {
      row.hidden = !(verdicts.includes(row.dataset.verdict) && words.every((word) => text.get(row).includes(word)));
    });
    status.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} claims shown`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
}

// A picture shows the first frame instead of the animation if its source's media query holds.
function makePausable(picture) {
  const source = picture.querySelector("source");
  const name = picture.querySelector("img").alt;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "pause";
  let moves = !window.matchMedia(source.media).matches;
  const show = () => {
    source.media = moves ? "not all" : "all";
    button.textContent = moves ? "Pause" : "Play";
    button.setAttribute("aria-label", `${button.textContent}: ${name}`);
  };
  button.addEventListener("click", () => { moves = !moves; show(); });
  picture.after(button);
  show();
}

function makeUnfoldable(button) {
  const folds = [...document.querySelectorAll("details.code")];
  const opened = folds.map((fold) => fold.open);
  button.hidden = folds.length === 0;
  button.addEventListener("click", () => {
    const all = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", all);
    folds.forEach((fold, at) => { fold.open = all || opened[at]; });
  });
}

document.querySelectorAll(".ledger-table table").forEach(makeSortable);
document.querySelectorAll("form.filter").forEach((form) =>
  makeFilterable(form, form.parentElement.querySelector(".ledger-table table")));
document.querySelectorAll("picture").forEach(makePausable);
document.querySelectorAll("button.unfold").forEach(makeUnfoldable);
