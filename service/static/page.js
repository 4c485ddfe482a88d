// The page's state is its address: ?model=&word= (neighbors), &a=&b=&c= (analogy), &left=&right= (similarity).
// Every question changes the address and nothing else; `refresh` then shows what the address says. So the back
// button, a shared link and a click on a neighbor are one and the same way.

import { ask, listModels } from "./api.js";
import { bar, decimals, make, problem, table } from "./view.js";

const chooser = document.querySelector("#model");
const title = document.title;
let models = [];

const questions = [
  { name: "neighbors", fields: ["word"], parameters: (values) => values, show: showNeighbors },
  { name: "analogy", fields: ["a", "b", "c"], parameters: (values) => values, show: showAnalogy },
  { name: "similarity", fields: ["left", "right"], parameters: ({ left, right }) => ({ a: left, b: right }),
    show: showSimilarity },
].map((question) => {
  const section = document.getElementById(question.name);
  return { ...question, section, form: section.querySelector("form"), answer: section.querySelector(".answer"),
    hint: [...section.querySelector(".answer").children], shown: "", values: "", asking: null };
});

// ---- answers ----

function showNeighbors({ word, neighbors }) {
  const caption = ["Nearest to ", make("strong", { textContent: word, dir: "auto" })];
  say(`${neighbors.length} words nearest to ${word}; the first is ${neighbors[0]?.word ?? "none"}`);
  return [table(neighbors, caption, (next) => addressWith({ word: next }))];
}

function showAnalogy({ formula, neighbors }) {
  const solution = neighbors[0]?.word ?? "nothing";
  solutionOf().textContent = solution;
  say(`The analogy's answer is ${solution}`);
  const caption = ["Nearest to ", make("strong", { textContent: formula, dir: "auto" })];
  return [table(neighbors, caption, (next) => addressWith({ word: next }))];
}

function showSimilarity({ a, b, score }) {
  say(`The similarity of ${a} and ${b} is ${decimals(score)}`);
  return [make("p", { className: "score" }, make("strong", { textContent: decimals(score) }), bar(score))];
}

function showProblem(question, error) {
  say(error.message);
  const replace = (asked, instead) => (error.code === "unknown_model")
    ? addressWith({ model: instead })
    : addressWith(replaced(question.fields, asked, instead));
  return [problem(error, replace)];
}

/** The fields of a question that hold `asked`, holding `instead`. */
function replaced(fields, asked, instead) {
  const state = stateOf();
  return Object.fromEntries(fields.filter((field) => state.get(field) === asked).map((field) => [field, instead]));
}

const solutionOf = () => document.querySelector(".solution");

/** Tell those who do not see the page. */
function say(text) {
  document.querySelector("#said").textContent = text;
}

// ---- the address ----

const stateOf = () => new URLSearchParams(location.search);

function addressWith(changes) {
  const state = stateOf();
  if (!state.has("model") && chooser.value) state.set("model", chooser.value);
  for (const [name, value] of Object.entries(changes)) state.set(name, value);
  return `?${state}`;
}

function go(address) {
  if (address !== location.search) history.pushState(null, "", address);
  return models.length ? refresh() : begin();
}

// ---- asking ----

/** Errors that the same question meets again, as long as the model is the same. */
const FINAL = new Set(["malformed", "unknown_word", "unusable"]);

/** Show what the address says; a question whose part of the address has not changed is left alone. */
async function refresh() {
  const state = stateOf();
  const model = state.get("model") ?? chooser.dataset.usual;
  if (!model) return;
  choose(model);
  describe(model);
  document.title = [state.get("word"), title].filter(Boolean).join(" \u00b7 ");
  await Promise.all(questions.map((question) => refreshQuestion(question, model, state)));
}

async function refreshQuestion(question, model, state) {
  const values = Object.fromEntries(question.fields.map((field) => [field, state.get(field) ?? ""]));
  const asked = JSON.stringify([model, values]);
  if (asked === question.shown) return;
  question.asking?.abort();
  question.answer.removeAttribute("aria-busy");
  question.shown = asked;
  if (JSON.stringify(values) !== question.values) { // another model only: what is being typed stays
    for (const field of question.fields) question.form.elements[field].value = values[field];
  }
  question.values = JSON.stringify(values);
  if (question.name === "analogy") solutionOf().textContent = "?";
  if (!question.fields.every((field) => values[field])) {
    question.answer.replaceChildren(...question.hint);
    return;
  }
  await answer(question, model, values);
}

async function answer(question, model, values) {
  const { signal } = (question.asking = new AbortController());
  question.answer.setAttribute("aria-busy", "true");
  try {
    const found = await ask(model, question.name, question.parameters(values), signal);
    question.answer.replaceChildren(...question.show(found));
    await recognize(found.model);
  } catch (error) {
    if (signal.aborted) return; // the address has changed: a newer question, or none, has taken its place
    question.answer.replaceChildren(...showProblem(question, error));
    if (!FINAL.has(error.code)) question.shown = ""; // asking again is worth a try
  }
  question.answer.removeAttribute("aria-busy");
}

// ---- models ----

/** Fill the chooser: a plain name is always its latest version; older versions stand behind it. */
function offer() {
  const latest = new Map(models.map((model) => [model.name, model]));
  const options = [...latest.values()].flatMap(({ name, version }) => [
    make("option", { value: name, textContent: version > 1 ? `${name} (latest: ${version})` : name }),
    ...models.filter((model) => model.name === name && version > 1)
      .map((model) => `${name}@${model.version}`)
      .reverse()
      .map((label) => make("option", { value: label, textContent: label })),
  ]);
  chooser.replaceChildren(...options);
  const newest = models.reduce((best, model) => (model.order > best.order ? model : best), models[0]);
  chooser.dataset.usual = newest?.name ?? "";
}

/** Show the model of the address in the chooser, also one that is not offered there. */
function choose(model) {
  if (![...chooser.options].some(({ value }) => value === model)) {
    chooser.append(make("option", { value: model, textContent: model }));
  }
  chooser.value = model;
}

/** A model that answered but is not in the list has been published since the page was loaded. */
async function recognize({ name, version }) {
  if (models.some((model) => model.name === name && model.version === version)) return;
  models = await listModels();
  const chosen = chooser.value;
  offer();
  choose(chosen);
  describe(chosen);
}

function describe(asked) {
  const model = models.findLast(({ name, version }) => asked === name || asked === `${name}@${version}`);
  if (!model) return;
  const { name, version, words, dimensions, created, vectors_sha256: hash } = model;
  const published = new Date(created).toLocaleDateString("en", { dateStyle: "long" });
  document.querySelector("#about").textContent =
    `${name}@${version}: ${words.toLocaleString("en")} words, ${dimensions} dimensions, published ${published}, ` +
    `vectors ${hash.slice(0, 12)}`;
}

// ---- events ----

for (const { form, fields } of questions) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    // keyboards of phones put a space after a word
    go(addressWith(Object.fromEntries(fields.map((field) => [field, form.elements[field].value.trim()]))));
  });
}

chooser.addEventListener("change", () => go(addressWith({ model: chooser.value })));
window.addEventListener("popstate", refresh);

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a.word");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const { answer: place } = questions.find(({ section }) => section.contains(link));
  await go(link.search);
  // the clicked link is gone: go on from the answer, not from the top of the page
  if (!place.contains(link)) (link.search.includes("word=") ? questions[0].answer : place).focus();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, select") || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const field = document.querySelector("#word");
  field.focus();
  field.select();
});

/** Learn which models there are, and show what the address asks. */
async function begin() {
  try {
    models = await listModels();
    offer();
    if (!models.length) questions[0].answer.replaceChildren(
      make("p", { className: "problem", textContent: "This store has no models yet. `firth store` publishes one." }));
  } catch (error) {
    questions[0].answer.replaceChildren(problem(error));
  }
  await refresh();
}

await begin();
