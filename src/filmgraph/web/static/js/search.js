// Suggestions in the search of the masthead and in fields that name a resource; and the search of a site of files,
// which has no server to ask: it looks through an index in the browser.

import { combobox, suggestionsFrom } from "./combobox.js";
import { folded } from "./folded.js";

/** Go to a path of this site, and nowhere else. */
function go(path) {
  const url = new URL(path, location.href);
  if (url.origin === location.origin && /^https?:$/.test(url.protocol)) {
    location.assign(url.href);
  }
}

function inMasthead(form) {
  const input = form.querySelector("input[name=q]");
  const page = new URL(form.action);
  const address = `${page.origin}${page.pathname}.json`;
  combobox(input, { ask: suggestionsFrom(address), pick: (hit) => hit.path && go(hit.path), host: form });
}

function inField(field) {
  const input = field.querySelector("input");
  const kinds = (field.dataset.kind ?? "").split(" ").filter(Boolean);
  const own = kinds[0];
  combobox(input, {
    ask: suggestionsFrom(field.dataset.suggest, { kinds }),
    pick: (hit) => {
      input.value = hit.kind === own ? hit.slug : `${hit.kind}:${hit.slug}`;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    },
    host: field,
  });
}

/** Return how well an entry of the index answers the words of a text; 0 where it does not. */
function scoreOf(entry, text, words) {
  let best = 0;
  for (const label of entry.labels) {
    if (label === text) {
      return 3;
    }
    if (words.every((word) => ` ${label}`.includes(` ${word}`))) {
      best = Math.max(best, label.startsWith(text) ? 2 : 1);
    }
  }
  return best;
}

async function inBrowser(form) {
  const input = form.querySelector("input[name=q]");
  const results = document.querySelector("[data-results]");
  let index;
  const entries = async () => {
    if (!index) {
      const response = await fetch(form.dataset.index);
      const { names } = await response.json();
      index = names.map((entry) => ({ ...entry, labels: [entry.name, ...entry.also].map(folded) }));
    }
    return index;
  };

  const show = async () => {
    const text = folded(input.value);
    const words = text.split(" ").filter(Boolean);
    const found = words.length ? (await entries()).map((entry) => [scoreOf(entry, text, words), entry]) : [];
    const hits = found.filter(([score]) => score).sort(([one, a], [other, b]) => other - one || a.name.length - b.name.length);
    const said = document.createElement("p");
    said.className = "counted";
    said.textContent = !words.length ? "" : hits.length === 1 ? "1 hit" : `${hits.length || "No"} hits`;
    const list = document.createElement("ul");
    list.className = "hits";
    for (const [, entry] of hits.slice(0, 100)) {
      const item = document.createElement("li");
      const link = document.createElement("a");
      const detail = document.createElement("span");
      item.className = "hit";
      link.href = entry.path ?? "#";
      link.textContent = entry.name;
      detail.className = "detail";
      detail.textContent = entry.detail;
      item.append(link, " ", detail);
      list.append(item);
    }
    results.replaceChildren(said, list);
  };

  let waiting;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 120);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show();
  });
  const asked = new URLSearchParams(location.search).get("q");
  if (asked) {
    input.value = asked;
    await show();
  }
}

document.querySelectorAll("form.find").forEach(inMasthead);
document.querySelectorAll("[data-suggest]").forEach(inField);
document.querySelectorAll("form[data-index]").forEach(inBrowser);
