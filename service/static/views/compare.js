// Two words: how alike they are, the place of each among the other's neighbors, and the neighbors they share.

import { addressIn, pick } from "../address.js";
import { bar, column, walk } from "../bars.js";
import { about, decimals, listed, make, whole, wordOf } from "../dom.js";
import { examplesOf } from "./examples.js";

const FIELDS = ["a", "b", "case", "on_missing"];
const AMONG = 100; // neighbors of each, among which shared ones are looked for
const SHOWN = 12;
const EXAMPLES = ["coffee tea", "war peace", "king queen", "north south", "music art", "he she"].map((line) => line.split(" "));

export const compare = {
  name: "compare",
  view: "compare",
  fields: FIELDS,

  asks(state, model) {
    const [a, b] = [state.get("a"), state.get("b")];
    if (!a || !b) return [];
    const kept = pick(state, ["case", "on_missing"]);
    const of = (question, ...parameters) => ({ model, question, parameters: [...parameters, ...kept] });
    return [
      of("similarity", ["a", a], ["b", b]),
      of("rank", ["a", a], ["b", b]),
      of("rank", ["a", b], ["b", a]),
      of("neighbors", ["word", a], ["topn", AMONG]),
      of("neighbors", ["word", b], ["topn", AMONG]),
    ];
  },

  show([similarity, there, back, ofA, ofB]) {
    const { a, b, score } = similarity;
    return {
      nodes: [
        make("div", { className: "measure" }, make("strong", { textContent: decimals(score) }), bar(score),
          make("p", { className: "quiet", textContent: "cosine: 1 is the same direction, 0 is unrelated" })),
        make("p", { className: "verdict" }, placeOf(there), " ", placeOf(back)),
        ...sharedOf(a, b, ofA.neighbors, ofB.neighbors),
      ],
      said: `The similarity of ${a} and ${b} is ${decimals(score)}`,
    };
  },

  blank: (model, signal) => examplesOf(model, signal, EXAMPLES, ([a, b]) => ({
    address: addressIn("compare", [["a", a], ["b", b]]),
    nodes: [wordOf(a), " and ", wordOf(b)],
  })),
};

const placeOf = ({ a, b, rank, of }) => make("span", {},
  wordOf(b), ` is number ${whole(rank)} of the ${whole(of)} neighbors of `, wordOf(a), ".");

function sharedOf(a, b, ofA, ofB) {
  const scores = new Map(ofB.map(({ word, score }) => [word, score]));
  const shared = ofA.filter(({ word }) => scores.has(word))
    .map(({ word, score }) => ({ word, toA: score, toB: scores.get(word) }))
    .sort((one, other) => Math.min(other.toA, other.toB) - Math.min(one.toA, one.toB));
  const mine = new Set([b, ...ofB.map(({ word }) => word)]);
  const theirs = new Set([a, ...ofA.map(({ word }) => word)]);
  return [
    shared.length ? tableOf(a, b, shared)
      : make("p", { className: "hint" }, `Among the ${AMONG} nearest of each, no word is near to both.`),
    make("div", { className: "columns" }, onlyNear(a, ofA, mine), onlyNear(b, ofB, theirs)),
  ];
}

function tableOf(a, b, shared) {
  const caption = `${whole(shared.length)} of their ${AMONG} nearest words are shared`;
  return make("table", { className: "bars both single" },
    make("caption", {}, make("b", { textContent: "Near to both" }), about(caption)),
    make("thead", {}, make("tr", {}, column("word", "first"),
      column(`near ${a}`, "drawn"), column("", "figure"), column(`near ${b}`, "drawn"), column("", "figure"))),
    make("tbody", {}, shared.slice(0, SHOWN).map(({ word, toA, toB }) =>
      make("tr", {}, make("th", { scope: "row" }, walk(word)), ...cells(toA), ...cells(toB)))));
}

const cells = (score) => [make("td", { className: "drawn" }, bar(score)),
  make("td", { className: "number figure", textContent: decimals(score) })];

function onlyNear(word, neighbors, others) {
  const only = neighbors.filter((near) => !others.has(near.word)).slice(0, SHOWN);
  if (!only.length) return make("div");
  return make("div", {}, make("p", { className: "caption" }, make("b", {}, "Near to ", wordOf(word), " only")),
    make("p", { className: "flowing" }, listed(only.map((near) => walk(near.word)))));
}
