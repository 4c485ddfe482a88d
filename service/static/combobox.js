// Autocomplete for a field, by the combobox pattern of the ARIA Authoring Practices (1.2, list popup): the focus stays
// in the field, the arrows move through the list, Enter takes what is marked, Escape closes.

import { make, say, whole } from "./dom.js";

const MOST = 8;

export class Combobox {
  /**
   * @param {HTMLInputElement} input with aria-controls naming its list
   * @param {(prefix: string, topn: number, signal: AbortSignal) => Promise<{word: string, count: number}[]>} complete
   */
  constructor(input, complete) {
    Object.assign(this, { input, complete, words: [], marked: -1, asking: null });
    this.list = document.getElementById(input.getAttribute("aria-controls"));
    input.addEventListener("input", () => this.offer());
    input.addEventListener("keydown", (event) => this.pressed(event));
    input.addEventListener("blur", () => this.close());
    this.list.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the focus in the field
    this.list.addEventListener("click", (event) => {
      const place = [...this.list.children].indexOf(event.target.closest("[role=option]"));
      if (place >= 0) this.take(place, { send: true });
    });
  }

  async offer() {
    this.asking?.abort();
    const prefix = this.input.value.trim();
    if (!prefix) return this.close();
    const { signal } = (this.asking = new AbortController());
    try {
      const words = await this.complete(prefix, MOST, signal);
      const told = words.length === 1 && words[0].word === prefix; // nothing that was not typed already
      if (!signal.aborted && document.activeElement === this.input) this.open(told ? [] : words);
    } catch {
      if (!signal.aborted) this.close(); // no help is better than a second error: sending the word will tell
    }
  }

  open(words) {
    this.words = words;
    this.list.replaceChildren(...words.map(({ word, count }, place) =>
      make("li", { id: `${this.list.id}-${place}`, role: "option", aria: { selected: false } },
        make("span", { className: "word", textContent: word, dir: "auto" }),
        make("span", { className: "quiet", textContent: whole(count) }))));
    this.mark(-1);
    this.list.hidden = !words.length;
    this.input.setAttribute("aria-expanded", String(words.length > 0));
    if (words.length) say(`${words.length} ${words.length === 1 ? "suggestion" : "suggestions"}`);
  }

  close() {
    this.asking?.abort();
    this.open([]);
  }

  mark(place) {
    this.marked = place;
    [...this.list.children].forEach((option, row) => option.setAttribute("aria-selected", String(row === place)));
    if (place < 0) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", this.list.children[place].id);
    this.list.children[place].scrollIntoView({ block: "nearest" });
  }

  /** Put a word into the field; a form with a single word is sent at once. */
  take(place, { send }) {
    this.input.value = this.words[place].word;
    this.close();
    this.input.dispatchEvent(new Event("change", { bubbles: true }));
    if (send && this.input.form.dataset.send === "at once") this.input.form.requestSubmit();
  }

  pressed(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      event.preventDefault();
      if (!this.words.length) this.offer();
      else this.step(steps[event.key]);
    } else if (event.key === "Escape" && this.words.length) {
      event.preventDefault(); // Escape would empty a search field
      this.close();
    } else if (event.key === "Enter" && this.marked >= 0) {
      event.preventDefault();
      this.take(this.marked, { send: true });
    } else if (event.key === "Tab" && this.marked >= 0) {
      this.take(this.marked, { send: false });
    }
  }

  /** Move through the words and the field itself, round and round. */
  step(by) {
    const places = this.words.length + 1;
    this.mark(((this.marked + 1 + by + places) % places) - 1);
  }
}
