// A calculator of words: some added, some taken away, each with its weight.

import { addressIn, pick, RANKING } from "../address.js";
import { ranking } from "../bars.js";
import { formulaOf, make, wordOf } from "../dom.js";
import { fill, read } from "../forms.js";
import { examplesOf } from "./examples.js";

const WORDS = ["positive", "negative", "positive_weights", "negative_weights"];
const FIELDS = [...WORDS, ...RANKING];
const EXAMPLES = [["king", "woman", "-man"], ["city", "water"], ["music", "war"], ["winter", "-cold"], ["science", "money"]];
const BLANK = { word: "", weight: "1", sign: 1 };
let addRow = () => {};

export const calculator = {
  name: "most-similar",
  view: "most-similar",
  fields: FIELDS,

  asks(state, model) {
    if (!state.has("positive") && !state.has("negative")) return [];
    return [{ model, question: "most-similar", parameters: pick(state, FIELDS) }];
  },

  show([{ formula, neighbors }]) {
    return {
      nodes: [ranking(neighbors, make("span", {}, make("b", { textContent: "Nearest to " }), formulaOf(formula)), { className: "single" })],
      said: `${neighbors.length} words nearest to ${formula}; the first is ${neighbors[0]?.word ?? "none"}`,
    };
  },

  blank: (model, signal) => examplesOf(model, signal, EXAMPLES.map(bare), (words) => exampleOf(words)),

  fill(form, state) {
    const terms = termsOf(state);
    form.querySelector(".terms").replaceChildren();
    for (const term of terms.length ? terms : [BLANK, BLANK]) addRow(term);
    fill(form, state);
  },

  read(form) {
    const terms = rowsOf(form).map(termOf).filter(({ word }) => word);
    const sided = (sign) => terms.filter((term) => term.sign === sign);
    return [...parametersOf("positive", sided(1)), ...parametersOf("negative", sided(-1)), ...read(form)];
  },
};

const bare = (words) => words.map((word) => word.replace("-", ""));

function exampleOf(words) {
  const signed = EXAMPLES.find((example) => bare(example).join() === words.join());
  const entries = signed.map((word) => (word.startsWith("-") ? ["negative", word.slice(1)] : ["positive", word]));
  return {
    address: addressIn("most-similar", entries),
    nodes: signed.flatMap((word, place) => [
      word.startsWith("-") ? " \u2212 " : place ? " + " : "", wordOf(word.replace("-", ""))]),
  };
}

/** Weights are only said where one is not 1. */
function parametersOf(side, terms) {
  const weights = terms.some(({ weight }) => Number(weight) !== 1) ? terms.map(({ weight }) => [`${side}_weights`, weight]) : [];
  return [...terms.map(({ word }) => [side, word]), ...weights];
}

/** The words of an address with their signs and weights. */
function termsOf(state) {
  return [["positive", 1], ["negative", -1]].flatMap(([side, sign]) => {
    const weights = state.getAll(`${side}_weights`);
    return state.getAll(side).map((word, place) => ({ word, weight: weights[place] ?? "1", sign }));
  });
}

const rowsOf = (form) => [...form.querySelectorAll(".terms > li")];

const termOf = (row) => ({
  word: row.querySelector("[data-word]").value.trim(),
  weight: row.querySelector("[type=number]").value || "1",
  sign: row.querySelector(".sign").dataset.sign === "plus" ? 1 : -1,
});

/** Rows are copies of the template in the page, so that their fields have labels and lists of their own. */
export function readyCalculator(form, completed) {
  const template = form.querySelector("template");
  const list = form.querySelector(".terms");
  let made = 0;
  addRow = ({ word, weight, sign }) => {
    made += 1;
    const row = template.content.firstElementChild.cloneNode(true);
    number(row, made);
    const field = row.querySelector("[data-word]");
    field.value = word;
    row.querySelector("[type=number]").value = weight;
    turn(row.querySelector(".sign"), sign);
    row.querySelector(".sign").addEventListener("click", ({ currentTarget: button }) =>
      turn(button, button.dataset.sign === "plus" ? -1 : 1));
    row.querySelector(".remove").addEventListener("click", () => remove(list, row));
    list.append(row);
    completed(field);
    return field;
  };
  form.querySelector(".add").addEventListener("click", () => addRow(BLANK).focus());
}

/** Give the ids of a copied row a number of their own. */
function number(row, made) {
  for (const element of row.querySelectorAll("[id], [for], [aria-controls]")) {
    for (const name of ["id", "for", "aria-controls"]) {
      if (element.hasAttribute(name)) element.setAttribute(name, element.getAttribute(name).replace("term", `term-${made}`));
    }
  }
}

function turn(button, sign) {
  button.dataset.sign = sign > 0 ? "plus" : "minus";
  button.textContent = sign > 0 ? "+" : "\u2212";
  button.setAttribute("aria-label", sign > 0 ? "Added; take it away instead" : "Taken away; add it instead");
}

function remove(list, row) {
  row.remove();
  (list.querySelector("[data-word]") ?? list.parentElement.querySelector(".add")).focus();
}
