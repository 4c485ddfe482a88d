// Words whose vectors were made from their pieces: which, and from what.

import { make, wordOf } from "./dom.js";

/** A note, once, for each word whose vector was made; nothing where all words are known. */
export function composedOf(answers) {
  const made = new Map(answers.flatMap(({ composed = [] }) => composed.map((word) => [word.word, word])));
  return [...made.values()].map(({ word, pieces, of }) => make("details", { className: "pieces" },
    make("summary", {}, wordOf(word), " is not in this model\u2019s vocabulary: its vector is made from ",
      pieces.length < of ? `${pieces.length} of its ${of} pieces.` : `its ${of} pieces.`),
    make("p", { className: "flowing" }, pieces.map((piece) => [wordOf(piece), " "]).flat())));
}
