// The first view: some of the model's own words, each with the company it keeps, so that nothing has to be explained.

import { addressOfWord } from "../address.js";
import { link, listed, make, wordOf } from "../dom.js";
import { infoOf } from "../models.js";

const WORDS = 6;
const COMPANY = 4;
const COMMON = 60; // more frequent words are mostly the, of, and

/** Cards of words, and a button for others. */
export async function welcome(model, signal, ask) {
  const info = infoOf(model);
  const parameters = [["topn", WORDS], ["min_rank", COMMON], ["max_rank", commonest(info?.words ?? 0)]];
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

/** Words of every day: the more frequent part of the vocabulary. */
const commonest = (words) => Math.max(COMMON + WORDS, Math.min(2000, Math.floor(words / 5)));

async function cardOf(word, { model, signal, ask }) {
  const parameters = [["word", word], ["topn", COMPANY], ["min_count", 10]];
  const { neighbors } = await ask({ model, question: "neighbors", parameters }, signal);
  return make("li", {}, link(addressOfWord(word), { className: "card" }, wordOf(word),
    make("span", { className: "quiet" }, "is used like ", listed(neighbors.map((near) => wordOf(near.word, "near"))))));
}
