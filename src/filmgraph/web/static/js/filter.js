// Filters a list while somebody types, and says how much is left.
//
// A form with data-filter="ID" filters the element of that ID: its items are what the selector in its data-filter-list
// finds, and data-filter-by names the part of an item that counts. An item within another keeps that in sight; an
// element with data-group goes when all of its items do. Without this script the form is sent, and the server filters.

import { folded } from "./folded.js";

/** Whether each word of a text begins a word of another. */
const holds = (text, wanted) => wanted.every((word) => ` ${text}`.includes(` ${word}`));

/** What is looked at of an item: the part that the list names, else all of it. */
const textOf = (item, part) => folded(((part && item.querySelector(`:scope > ${part}`)) ?? item).textContent);

function filterOf(form) {
  const list = document.getElementById(form.dataset.filter);
  const input = form.querySelector("input[type=search]");
  if (!list || !input) {
    return;
  }
  const items = [...list.querySelectorAll(list.dataset.filterList)];
  const names = new Map(items.map((item) => [item, textOf(item, list.dataset.filterBy)]));
  const count = document.querySelector("[data-filter-count]");
  const one = count?.dataset.filterCount ?? "entry";
  const many = count?.dataset.filterCounts ?? `${one}s`;
  const before = count?.innerHTML;
  form.hidden = false;

  const show = () => {
    const wanted = folded(input.value).split(" ").filter(Boolean);
    const met = new Set(items.filter((item) => holds(names.get(item), wanted)));
    const shown = new Set();
    for (const item of met) {
      for (let part = item; part && part !== list && !shown.has(part); part = part.parentElement) {
        shown.add(part);
      }
    }
    for (const part of [...items, ...list.querySelectorAll("[data-group]")]) {
      part.hidden = !shown.has(part);
    }
    if (count && wanted.length) {
      const said = `${met.size.toLocaleString("en")} ${met.size === 1 ? one : many}`;
      count.textContent = met.size === items.length ? said : `${said} of ${items.length.toLocaleString("en")}`;
    } else if (count) {
      count.innerHTML = before;
    }
  };

  let waiting;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 60);
  });
  form.addEventListener("submit", (event) => {
    // What is filtered here need not be asked of the server, unless it filtered this page already.
    if (!new URLSearchParams(location.search).get("q")) {
      event.preventDefault();
      show();
    }
  });
  if (input.value && form.action && !new URLSearchParams(location.search).get("q")) {
    show();
  }
}

document.querySelectorAll("form[data-filter]").forEach(filterOf);
