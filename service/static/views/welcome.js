// The first view: some of the model's own words, each with the company it keeps, so that nothing has to be explained.

import { addressOfWord } from "../address.js";
import { link, listed, make, wordOf } from "../dom.js";
import { infoOf } from "../models.js";

const WORDS = 6;
const COMPANY = 4;
const COMMONEST = 60; // more frequent words are mostly the, of, and

/** Cards of words, and a button for others. */
export async function welcome(model, signal, ask) {
  const parameters = everyday(infoOf(model)?.words ?? 1);
  const { words } = await ask({ model, question: "random-words", parameters }, signal);
  const cards = await Promise.all(words.map(({ word }) => cardOf(word, { model, signal, ask })));
  const others = make("button", { type: "button", className: "plain", textContent: "Other words" });
  const place = make("div", { className: "suggested" }, make("h2", { textContent: "For example" }),
    make("ul", { className: "cards" }, cards), others);
  others.addEventListener("click", async () => {
    place.replaceWith(...await welcome(model, signal, ask));
    document.querySelector(".suggested button")?.focus();
  });
  return [place];
}

/** Words of every day: from the more frequent part of the vocabulary, but not its very beginning. */
function everyday(words) {
  const first = Math.min(COMMONEST, Math.floor(words / 10)) + 1;
  const last = Math.min(words, Math.max(first + WORDS - 1, Math.min(2000, Math.floor(words / 5))));
  return [["topn", Math.min(WORDS, last - first + 1)], ["min_rank", first], ["max_rank", last]];
}

async function cardOf(word, { model, signal, ask }) {
  const parameters = [["word", word], ["topn", COMPANY], ["min_count", 10]];
  const { neighbors } = await ask({ model, question: "neighbors", parameters }, signal);
  return make("li", {}, link(addressOfWord(word), { className: "card" }, wordOf(word),
    neighbors.length > 0 && make("span", { className: "quiet" }, "is used like ",
      listed(neighbors.map((near) => wordOf(near.word, "near"))))));
}
