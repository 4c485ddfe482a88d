// The map of the vocabulary. Its drawing and its data are only loaded when the map is first opened.

import { addressIn, go, pick } from "../address.js";
import { ask } from "../api.js";
import { ranking } from "../bars.js";
import { curlOf } from "../curl.js";
import { about, formulaOf, link, make, paragraph, say, whole } from "../dom.js";
import { fill, read } from "../forms.js";
import { problemOf } from "../problem.js";

const FIELDS = ["word", "topn"];
const REGIONS = 12;

/** A panel like the others, but what it shows stays while words are walked through. */
export class MapPanel {
  constructor(place, recognize) {
    Object.assign(this, { place, recognize, drawn: null, model: "", asking: null, key: "" });
    this.kind = { name: "map", view: "map" };
    this.form = place.querySelector("form");
    this.frame = place.querySelector(".atlas");
    this.answer = place.querySelector(".answer");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      go(addressIn("map", read(this.form)));
    });
    new ResizeObserver(() => this.drawn?.resize()).observe(this.frame);
  }

  async refresh(state, model) {
    const key = JSON.stringify([model, pick(state, FIELDS)]);
    if (key === this.key) return;
    this.asking?.abort();
    this.key = key;
    fill(this.form, state);
    const { signal } = (this.asking = new AbortController());
    this.place.setAttribute("aria-busy", "true");
    try {
      if (model !== this.model) await this.open(model, signal);
      await this.point(state, model, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.key = "";
      this.answer.replaceChildren(problemOf(error));
      say(error.message);
    }
    if (!signal.aborted) this.place.removeAttribute("aria-busy");
  }

  /** Load and draw a model's map. */
  async open(model, signal) {
    this.close();
    const [data, { createMap }] = await Promise.all([ask({ model, question: "map" }, signal), import("../map.js")]);
    if (signal.aborted) return;
    this.frame.hidden = false;
    this.drawn = createMap(this.frame.querySelector("canvas"), data, {
      onPick: (word) => word && go(addressIn("map", [["word", word]])),
      onHover: (word) => {
        this.place.querySelector(".hovered").textContent = word ?? "";
        if (word && document.activeElement === this.frame.querySelector("canvas")) say(word); // who moves by keys
      },
    });
    this.model = model;
    this.regions = data.names;
  }

  close() {
    this.drawn?.destroy();
    this.drawn = null;
    this.model = "";
    this.frame.hidden = true;
    const canvas = this.frame.querySelector("canvas");
    canvas.replaceWith(canvas.cloneNode()); // a canvas is drawn on by one map only
  }

  /** Show a word's place and those of its neighbors. */
  async point(state, model, signal) {
    if (!state.get("word")) {
      this.drawn.highlight([]);
      this.answer.replaceChildren(regionsOf(this.regions), curlOf([{ model, question: "map" }]));
      return;
    }
    const asked = { model, question: "neighbors", parameters: pick(state, FIELDS) };
    const { word, used, neighbors, model: answered } = await ask(asked, signal);
    const own = used?.[0] ?? word;
    this.drawn.highlight([own, ...neighbors.map((near) => near.word)]);
    this.drawn.find(own);
    this.answer.replaceChildren(
      ranking(neighbors, make("span", {}, make("b", { textContent: "Nearest to " }), formulaOf(own))),
      curlOf([asked, { model, question: "map" }]));
    say(`${whole(neighbors.length)} neighbors of ${own} are marked on the map`);
    await this.recognize(answered);
  }
}

/** The largest regions by their words; each leads to its first. */
function regionsOf(names) {
  const chips = names.slice(0, REGIONS).map((words) =>
    link(addressIn("map", [["word", words[0]]]), { className: "chip", textContent: words.slice(0, 2).join(", ") }));
  return make("div", { className: "regions" },
    paragraph("caption", make("b", { textContent: "Regions" }), about("the largest, named by frequent words in them")),
    make("div", { className: "chips" }, chips));
}
