// The map's data, made ready: where the words of each cluster are, how large each point is, and what is near a place.

import KDBush from "../vendor/kdbush.js";
import { spreadColors } from "./colors.js";

const SMALLEST = 3.1;
const LARGEST = 10; // pixels across, at zoom 1

export class Atlas {
  /**
   * @param {{words: string[], x: number[], y: number[], cluster: number[], count: number[], names: string[][]}} data
   *   words of a model, most frequent first, with their places, the numbers of their clusters and how often they
   *   stand in the corpus; for each cluster, words that stand for it
   */
  constructor({ words, x, y, cluster, count, names }) {
    Object.assign(this, { words, x, y, cluster, count, names });
    this.size = words.length;
    this.rows = new Map(words.map((word, row) => [word, row]));
    this.members = names.map(() => []);
    cluster.forEach((number, row) => this.members[number].push(row));
    this.middles = this.members.map((rows) => this.middleOf(rows));
    this.colors = spreadColors(this.middles);
    this.diameters = this.diametersOf(count);
    this.order = this.orderOf();
    this.reach = [x, y].map((places) => places.reduce((most, place) => Math.max(most, Math.abs(place)), 0.1));
    this.index = new KDBush(this.size);
    words.forEach((_, row) => this.index.add(x[row], y[row]));
    this.index.finish();
  }

  /** The row of the word nearest to a place of the map, or -1 where none is within the radius. */
  nearest(x, y, radius) {
    let [best, least] = [-1, Infinity];
    for (const row of this.index.within(x, y, radius)) {
      const distance = Math.hypot(this.x[row] - x, this.y[row] - y);
      if (distance < least) [best, least] = [row, distance];
    }
    return best;
  }

  /** The thick of a cluster: the median of its nearer half, since some of its words are strewn far away. */
  middleOf(rows) {
    const median = (values) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
    const middle = (some) => [median(some.map((row) => this.x[row])), median(some.map((row) => this.y[row]))];
    let near = rows;
    for (let times = 0; times < 3; times += 1) {
      const [x, y] = middle(near);
      const far = (row) => Math.hypot(this.x[row] - x, this.y[row] - y);
      near = [...rows].sort((a, b) => far(a) - far(b)).slice(0, Math.max(1, rows.length >> 1));
    }
    return middle(near);
  }

  diametersOf(count) {
    const logs = count.map((times) => Math.log(times + 1));
    const low = logs.reduce((a, b) => Math.min(a, b));
    const span = logs.reduce((a, b) => Math.max(a, b)) - low || 1;
    const crowd = Math.min(1.25, Math.max(0.6, Math.sqrt(8000 / this.size)));
    return Float32Array.from(logs, (log) => crowd * (SMALLEST + (LARGEST - SMALLEST) * ((log - low) / span) ** 1.5));
  }

  /** The rows in the order in which they deserve a label: the most frequent of each cluster, then the second, ... */
  orderOf() {
    const places = new Uint32Array(this.size);
    for (const rows of this.members) rows.forEach((row, place) => { places[row] = place; });
    return Uint32Array.from(this.words.keys()).sort((a, b) => places[a] - places[b] || a - b);
  }
}
