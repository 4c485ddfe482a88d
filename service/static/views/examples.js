// Examples for an empty form: those of a list whose words the model has.

import { ask } from "../api.js";
import { link, make } from "../dom.js";

const MOST = 4;

/**
 * @param {string[][]} examples lists of words
 * @param {(words: string[]) => {address: string, nodes: (Node|string)[]}} exampleOf
 */
export async function examplesOf(model, signal, examples, exampleOf) {
  const words = [...new Set(examples.flat())];
  const parameters = [...words.flatMap((word) => [["a", word], ["b", word]]), ["on_missing", "skip"]];
  const { missing } = await ask({ model, question: "similarities", parameters }, signal);
  const known = examples.filter((example) => !example.some((word) => missing.includes(word))).slice(0, MOST);
  if (!known.length) return [];
  return [make("div", { className: "examples" }, make("h2", { textContent: "For example" }),
    make("ul", {}, known.map(exampleOf).map(({ address, nodes }) =>
      make("li", {}, link(address, { className: "chip" }, ...nodes)))))];
}
