// Building what is shown. Words come from the model and from the address, so they are only ever set as text.

/** An element with properties and children; strings become text, what is not there is left out. */
export function make(tag, properties = {}, ...children) {
  const { aria = {}, data = {}, ...plain } = properties;
  const element = Object.assign(document.createElement(tag), plain);
  for (const [name, value] of Object.entries(aria)) element.setAttribute(`aria-${name}`, value);
  Object.assign(element.dataset, data);
  element.append(...children.flat().filter((child) => child || child === 0));
  return element;
}

/** An element of an SVG drawing. */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A word as a word: in its own direction and in the face for words. */
export const wordOf = (word, className = "word") => make("span", { className, textContent: word, dir: "auto" });

/** A link inside the page: page.js follows it without loading the page again. */
export const link = (address, properties = {}, ...children) => make("a", { href: address, ...properties }, ...children);

export const paragraph = (className, ...children) => make("p", { className }, ...children);

/** A sum of words, with a minus that is as wide as the plus. */
export const formulaOf = (formula) => wordOf(formula.replaceAll(/(^| )-(?= )/g, "$1\u2212"), "formula");

/** What a caption adds to its title. */
export const about = (text) => make("span", { className: "about", textContent: text });

export const decimals = (number, digits = 3) => number.toFixed(digits).replace("-", "\u2212");

export const whole = (number) => number.toLocaleString("en");

/** Names as a sentence has them: a, b and c. */
export function listed(nodes) {
  return nodes.flatMap((node, place) => (place === 0 ? [node] : [place === nodes.length - 1 ? " and " : ", ", node]));
}

/** Tell those who do not see the page. */
export function say(text) {
  document.querySelector("#said").textContent = text;
}
