// Which models there are, and which one is shown.

import { listModels } from "./api.js";
import { make, whole } from "./dom.js";

const chooser = document.querySelector("#model");
let models = [];
let usual = "";

/** Learn which models there are; a plain name is its current version, all versions stand behind it. */
export async function learn() {
  models = await listModels();
  const newest = models.reduce((best, model) => (model.order > best.order ? model : best), models[0]);
  usual = newest?.name ?? "";
  const chosen = chooser.value;
  chooser.replaceChildren(...options());
  if (chosen) choose(chosen);
  return models;
}

/** The models as options of a chooser. */
export function options() {
  return models.filter(({ current }) => current).flatMap((model) => {
    const versions = models.filter(({ name }) => name === model.name).reverse();
    if (versions.length === 1) return [make("option", { value: model.name, textContent: model.name })];
    const meaning = model === versions[0] ? "latest" : "rolled back";
    return [
      make("option", { value: model.name, textContent: `${model.name} (${meaning}: ${model.version})` }),
      ...versions.map(({ name, version, tags }) => make("option", { value: `${name}@${version}`,
        textContent: [`${name}@${version}`, ...tags.filter((tag) => tag !== "latest")].join(", ") })),
    ];
  });
}

/** The model that an address means which names none: the one that was published last. */
export const usualModel = () => usual;

/** Show a model in the chooser, also one that is not offered there. */
export function choose(model) {
  if (![...chooser.options].some(({ value }) => value === model)) {
    chooser.append(make("option", { value: model, textContent: model }));
  }
  chooser.value = model;
  describe(model);
}

/** A model that answered but is not in the list has been published since the page was loaded. */
export async function recognize({ name, version }) {
  if (!models.some((model) => model.name === name && model.version === version)) await learn();
}

/** What is known of a model without its card. */
export const infoOf = (asked) =>
  models.find(({ name, version, tags, current }) => (current && asked === name) || asked === `${name}@${version}`
    || tags.some((tag) => asked === `${name}@${tag}`));

function describe(asked) {
  const info = infoOf(asked);
  document.querySelector("#about").textContent = info
    ? `${info.name}@${info.version}: ${whole(info.words)} words, ${info.dimensions} dimensions` : "";
}
