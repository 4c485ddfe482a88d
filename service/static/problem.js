// What went wrong, in the page's words, with the near matches as buttons.

import { addressIn, addressWith, stateOf, viewOf } from "./address.js";
import { link, make, paragraph, wordOf } from "./dom.js";
import { tokenForm } from "./token.js";

/** A problem as an element. */
export function problemOf(error) {
  const shown = { unknown_word: unknownWords, unknown_model: unknownModel, unauthorized: tokenForm }[error.code] ?? plain;
  return make("div", { className: "problem" }, ...shown(error));
}

function unknownWords(error) {
  const words = Object.entries(error.near).map(([asked, near]) =>
    make("div", {}, make("p", {}, wordOf(asked), " is not in this model\u2019s vocabulary."), chips(asked, near)));
  return error.subwords ? [...words, fromPieces(words.length)] : words;
}

/** The way to the same question with vectors made from pieces. */
function fromPieces(count) {
  const entries = [...stateOf()].filter(([name]) => name !== "on_missing");
  const address = `?${new URLSearchParams([...entries, ["on_missing", "subword"]])}`;
  const text = count > 1 ? "Make their vectors from their pieces" : "Make its vector from its pieces";
  return paragraph("chips", link(address, { className: "chip", textContent: text }));
}

function unknownModel(error) {
  const kept = [...stateOf()].filter(([name]) => name !== "view" && name !== "model");
  return Object.entries(error.near).map(([asked, near]) =>
    make("div", {}, make("p", {}, wordOf(asked), " is not a model here."),
      choices(near.map((name) => [name, addressIn(viewOf(stateOf()), kept, name)]))));
}

const chips = (asked, near) => choices(near.map((match) => [match, addressWith(asked, match)]));

function choices(pairs) {
  if (!pairs.length) return paragraph("quiet", "Nothing here looks like it.");
  return paragraph("chips", "Did you mean ",
    ...pairs.map(([text, address]) => link(address, { className: "chip word", textContent: text, dir: "auto" })));
}

/** The message alone; where the same question may yet be answered, a way to ask it again. */
function plain(error) {
  const again = link(location.search || "?", { className: "chip", textContent: "Try again" });
  return [make("p", { textContent: sentence(error.message) }), ...(error.isFinal ? [] : [make("p", {}, again)])];
}

/** The API's messages begin small and end open. */
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.?!)]$/.test(text) ? "" : ".");
