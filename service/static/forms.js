// Forms and the address: a field's name is a parameter of the API, its default is left out of the address.

/** What a form asks, as parameters: fields that are empty or as they were are not said. */
export function read(form) {
  return [...form.elements]
    .filter((field) => field.name && !isUsual(field))
    .map((field) => [field.name, field.value.trim()]); // keyboards of phones put a space after a word
}

function isUsual(field) {
  if (field.type === "checkbox") return !field.checked;
  if (field.tagName === "SELECT") return field.options[field.selectedIndex]?.defaultSelected ?? true;
  return !field.value.trim() || field.value === field.defaultValue;
}

/** Put what the address says into the form; where that folds fields away that say something, it unfolds them. */
export function fill(form, state) {
  for (const field of form.elements) {
    if (!field.name) continue;
    const value = state.get(field.name);
    if (field.type === "checkbox") field.checked = value === field.value;
    else if (field.tagName === "SELECT") choose(field, value);
    else field.value = value ?? field.defaultValue;
  }
  tally(form);
}

function choose(select, value) {
  const usual = [...select.options].find((option) => option.defaultSelected) ?? select.options[0];
  const known = [...select.options].some((option) => option.value === value);
  if (value !== null && !known) select.append(new Option(value, value)); // the service will say what it thinks of it
  select.value = value ?? usual?.value ?? "";
}

/** How many filters are in force, beside the word that unfolds them. */
export function tally(form) {
  const folded = form.querySelector(".filters");
  if (!folded) return;
  const used = [...folded.querySelectorAll("[name]")].filter((field) => !isUsual(field)).length;
  folded.querySelector(".tally").textContent = used ? `${used} in force` : "";
}
