// The model's card: what it was made of and how, how its training went, and what checks say of it.

import { decimals, make, whole } from "../dom.js";
import { lossCurve } from "../curve.js";
import { chainOf } from "./chain.js";
import { crosscheckOf } from "./crosscheck.js";
import { evaluationOf } from "./evaluation.js";
import { list, part, scrolled } from "./parts.js";

export const card = {
  name: "card",
  view: "card",
  fields: [],

  asks: (state, model) => [{ model }],

  show([{ model, chain, card: known }]) {
    const parts = [lossOf(known), evaluationOf(known.evaluation), crosscheckOf(known.crosscheck), corpusOf(known.manifest?.tokenize),
      chainOf(chain), settingsOf(known)];
    return {
      nodes: [factsOf(model, known), ...parts.filter(Boolean)],
      said: `The card of ${model.name}@${model.version}`,
    };
  },
};

function factsOf(model, { settings = {}, manifest }) {
  const published = new Date(model.created).toLocaleDateString("en", { dateStyle: "long" });
  const train = manifest?.train?.report;
  return make("div", {}, make("h2", { className: "name", textContent: `${model.name}@${model.version}` }), list([
    ["words", whole(model.words)],
    ["dimensions", whole(model.dimensions)],
    ["learnt from", train && `${whole(manifest.tokenize?.report.tokens ?? train.tokens)} words of text`],
    ["by", kindOf(settings)],
    ["trained in", train?.seconds && `${decimals(train.seconds, 0)} s`],
    ["published", published],
    ["tags", model.tags.join(", ")],
  ], "facts"));
}

const NAMES = { skipgram: "skip-gram", cbow: "CBOW", ns: "negative sampling", hs: "hierarchical softmax",
  softmax: "full softmax" };

const kindOf = ({ architecture, loss }) => architecture && `${NAMES[architecture] ?? architecture}, ${NAMES[loss] ?? loss}`;

function lossOf({ loss_curve: losses = [], manifest }) {
  if (!losses.length) return null;
  const report = manifest?.train?.report ?? {};
  return part("How its training went", "Mean loss of a pair of words in each pass over the text, in nats: lower is better.",
    lossCurve(losses, report.held_out_losses ?? [], report.ignorance));
}

function corpusOf(tokenize) {
  if (!tokenize) return null;
  const { report, inputs } = tokenize;
  const head = ["file", "bytes", "sha256"].map((name) => make("th", { scope: "col", textContent: name }));
  return part("What it read",
    `${whole(report.tokens)} words in ${whole(report.sentences)} lines; ${whole(report.types)} different ones.`,
    scrolled("Files of the corpus", make("table", { className: "ruled" }, make("thead", {}, make("tr", {}, head)),
      make("tbody", {}, inputs.sources.map(({ name, bytes, sha256 }) => make("tr", {},
        make("th", { scope: "row", textContent: name }), make("td", { className: "number", textContent: whole(bytes) }),
        make("td", {}, make("code", { textContent: sha256 }))))))));
}

function settingsOf({ settings }) {
  if (!settings) return null;
  return make("details", { className: "part" }, make("summary", { textContent: "All settings" }),
    list(Object.entries(settings).map(([name, value]) => [name, String(value)]), "settings"));
}
