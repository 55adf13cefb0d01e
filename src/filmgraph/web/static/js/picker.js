// Fields for films: suggestions while somebody types, and one more field where the last one is filled in.

import { combobox, suggestionsFrom } from "./combobox.js";

const MOST = 50;

/** Return what to put into a field for a film: its title with its year, or its slug where another film has both. */
function valueOf(hit) {
  const [, year, number] = hit.slug.match(/-(\d{4})(--\d+)?$/) ?? [];
  return number || !year ? hit.slug : `${hit.name} (${year})`;
}

function make(field) {
  const input = field.querySelector("input");
  const kinds = (field.dataset.kind ?? "").split(" ").filter(Boolean);
  combobox(input, {
    ask: suggestionsFrom(field.dataset.source, { kinds }),
    pick: (hit) => {
      input.value = valueOf(hit);
      input.dispatchEvent(new Event("change", { bubbles: true }));
    },
    host: field,
  });
}

/** Return a field like another one, as it was before it became a combobox, and empty. */
function another(pattern, number) {
  const field = pattern.cloneNode(true);
  const input = field.querySelector("input");
  const id = `${input.name}-more-${number}`;
  input.id = id;
  input.value = "";
  input.setAttribute("aria-describedby", `${id}-hint`);
  field.querySelector("label").htmlFor = id;
  field.querySelector("label").textContent = "One more";
  field.querySelector(".hint").id = `${id}-hint`;
  field.querySelector(".hint").textContent = "";
  return field;
}

function growing(fieldset) {
  const pattern = fieldset.querySelector("[data-combobox]:not(.wrong)")?.cloneNode(true);
  let number = 0;
  const grow = () => {
    const inputs = [...fieldset.querySelectorAll("[data-combobox] input")];
    const all = inputs.length + fieldset.querySelectorAll("input[type=checkbox]").length;
    if (pattern && all < MOST && inputs.every((input) => input.value.trim())) {
      const field = another(pattern, ++number);
      fieldset.append(field);
      make(field);
    }
  };
  // While somebody types, not when they leave the field: what they leave it for must not move under the pointer.
  fieldset.addEventListener("input", grow);
  fieldset.addEventListener("change", grow);
}

document.querySelectorAll("fieldset.taste").forEach(growing);
document.querySelectorAll("[data-combobox][data-source]").forEach(make);
