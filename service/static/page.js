// The page: which view the address names, its panels, and the links between them.

import { addressIn, go, pick, stateOf, viewOf } from "./address.js";
import { ask } from "./api.js";
import { Combobox } from "./combobox.js";
import { tally } from "./forms.js";
import { choose, learn, options, recognize, usualModel } from "./models.js";
import { Panel } from "./panel.js";
import { problemOf } from "./problem.js";
import { analogy } from "./views/analogy.js";
import { calculator, readyCalculator } from "./views/calculator.js";
import { card } from "./views/card.js";
import { compare } from "./views/compare.js";
import { MapPanel } from "./views/map.js";
import { models } from "./views/models.js";
import { neighbors } from "./views/neighbors.js";
import { odd, readyOdd } from "./views/odd.js";

const title = document.title;
const chooser = document.querySelector("#model");
const sections = [...document.querySelectorAll("[data-view]")];
const placeOf = (name) => document.querySelector(`[data-panel="${name}"]`);
const panels = [
  ...[neighbors, calculator, analogy, compare, odd, models, card].map((kind) => new Panel(placeOf(kind.name), kind, recognize)),
  new MapPanel(placeOf("map"), recognize),
];
const remembered = new Map(); // the parameters that each view was last shown with
let ready = false;
let shown = Promise.resolve();

// ---- showing ----

async function refresh() {
  if (!ready) return begin();
  const state = stateOf();
  const model = state.get("model") ?? usualModel();
  if (!model) return;
  choose(model);
  const view = viewOf(state);
  const known = sections.some((section) => section.dataset.view === view) ? view : "neighbors";
  for (const section of sections) section.hidden = section.dataset.view !== known;
  remembered.set(known, [...state].filter(([name]) => name !== "view" && name !== "model"));
  navigate(known, state, model);
  document.title = [nameOf(state), title].filter(Boolean).join(" \u00b7 ");
  await Promise.all(panels.filter(({ kind }) => kind.view === known).map((panel) => panel.refresh(state, model)));
}

/** The words of the address, for the tab and the history. */
const nameOf = (state) => pick(state, ["word", "a", "b", "c", "positive", "negative"]).map(([, word]) => word).join(" ");

/** Each link of the navigation leads to the view as it was left; a word goes along to where it makes sense. */
function navigate(view, state, model) {
  const word = state.get("word");
  for (const link of document.querySelectorAll("nav a")) {
    const own = link.dataset.to;
    const taken = own !== view && word && ["neighbors", "map"].includes(own);
    const first = own === "compare" && word ? [["a", word]] : [];
    link.href = addressIn(own, taken ? [["word", word]] : remembered.get(own) ?? first, model);
    if (own === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** Learn which models there are, then show what the address says. */
async function begin() {
  const place = document.querySelector("#none");
  try {
    const known = await learn();
    document.querySelector("#other").replaceChildren(...options());
    ready = known.length > 0;
    place.replaceChildren(...(ready ? [] : [problemOf({ message: "This store has no models yet. `firth store` publishes one." })]));
  } catch (error) {
    place.replaceChildren(problemOf(error));
  }
  if (ready) return refresh();
  for (const section of sections) section.hidden = true; // there is nobody to answer
}

// ---- events ----

addEventListener("popstate", () => {
  shown = refresh();
});

chooser.addEventListener("change", () => {
  const state = stateOf();
  go(addressIn(viewOf(state), [...state].filter(([name]) => name !== "view" && name !== "model"), chooser.value));
});

document.addEventListener("click", async (event) => {
  const link = event.target.closest('a[href^="?"]');
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link.search);
  scrollTo(0, 0);
  await shown;
  if (document.contains(link)) return;
  // the followed link is gone: go on from the answer, not from the top of the page
  document.querySelector("[data-view]:not([hidden]) .answer").focus({ preventScroll: true });
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey) return;
  const field = document.querySelector("[data-view]:not([hidden]) [data-word]");
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
});

document.addEventListener("change", (event) => {
  if (event.target.form) tally(event.target.form);
});

// ---- the beginning ----

const complete = async (prefix, topn, signal) =>
  (await ask({ model: chooser.value, question: "words", parameters: [["prefix", prefix], ["topn", topn]] }, signal)).words;
const completed = (input) => new Combobox(input, complete);

document.querySelectorAll("[data-word]").forEach(completed);
readyOdd(document.querySelector('[data-panel="odd"] form'));
readyCalculator(document.querySelector('[data-panel="most-similar"] form'), completed);
shown = refresh();
