// A field that suggests what may be meant while somebody types: the combobox of the ARIA Authoring Practices, with a
// list that opens by itself, nothing chosen in it until an arrow key says so.

let made = 0;

/**
 * Make a field a combobox.
 *
 * `ask(text)` returns, or promises, what to suggest: objects with `name` and `detail`. `pick(hit)` is called with the
 * one that is chosen. `host` is the element that the list is put into, its own if none is given.
 */
export function combobox(input, { ask, pick, host = input.parentElement, delay = 120, least = 1 }) {
  const list = document.createElement("div");
  const status = document.createElement("p");
  const id = `suggestions-${++made}`;
  list.id = id;
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  status.className = "hidden";
  status.setAttribute("role", "status");
  host.classList.add("combobox");
  host.append(list, status);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", id);
  input.removeAttribute("list");

  let hits = [];
  let at = -1;
  let waiting;
  let asked = 0;

  const close = () => {
    clearTimeout(waiting);
    asked += 1;
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const choose = (place) => {
    at = place;
    [...list.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === at)));
    if (at < 0) {
      input.removeAttribute("aria-activedescendant");
      return;
    }
    input.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at].scrollIntoView({ block: "nearest" });
  };

  const take = (place) => {
    const hit = hits[place];
    close();
    pick(hit);
  };

  const show = (found) => {
    hits = found;
    list.replaceChildren(
      ...found.map((hit, place) => {
        const option = document.createElement("div");
        option.id = `${id}-${place}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.append(hit.name);
        const what = [hit.detail, hit.matched && `“${hit.matched}”`].filter(Boolean).join(" · ");
        if (what) {
          const small = document.createElement("small");
          small.textContent = what;
          option.append(" ", small);
        }
        // The field must not lose the focus before the click counts.
        option.addEventListener("pointerdown", (event) => event.preventDefault());
        option.addEventListener("click", () => take(place));
        return option;
      }),
    );
    at = -1;
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(Boolean(found.length)));
    status.textContent = found.length === 1 ? "1 suggestion" : `${found.length || "No"} suggestions`;
  };

  const look = async () => {
    const turn = ++asked;
    const text = input.value.trim();
    if (text.length < least) {
      close();
      return;
    }
    let found = [];
    try {
      found = await ask(text);
    } catch {
      // Without suggestions the field is still a field.
    }
    if (turn === asked && document.activeElement === input) {
      show(found);
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, delay);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const open = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) {
        look();
      } else {
        const step = event.key === "ArrowDown" ? 1 : -1;
        const places = hits.length + 1;
        choose(((at + 1 + step + places) % places) - 1);
      }
    } else if (event.key === "Enter" && open && at >= 0) {
      event.preventDefault();
      take(at);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      close();
    }
  });
  return { close };
}

/** Return a function that asks an address for suggestions, of some kinds if any are named. */
export function suggestionsFrom(address, { kinds = [], limit = 8 } = {}) {
  let last;
  return async (text) => {
    last?.abort();
    last = new AbortController();
    const url = new URL(address, location.href);
    url.searchParams.set("q", text.slice(0, 200));
    url.searchParams.set("limit", String(limit));
    kinds.forEach((kind) => url.searchParams.append("kind", kind));
    const response = await fetch(url, { signal: last.signal, headers: { Accept: "application/json" } });
    return response.ok ? (await response.json()).hits : [];
  };
}
