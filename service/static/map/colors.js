// The map's colors come from the page's stylesheet, so that they follow its light and dark.

export const COLORS = 9; // --cluster-1 to --cluster-9, told apart by people with each kind of color blindness

/** The colors in force now, each as three numbers from 0 to 255: of clusters, ink, quiet ink and ground. */
export function readColors(place) {
  const probe = document.createElement("span");
  place.append(probe);
  const read = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
  };
  const clusters = Array.from({ length: COLORS }, (_, number) => read(`--cluster-${number + 1}`));
  const found = { clusters, ink: read("--ink"), quiet: read("--quiet"), ground: read("--raised"), mark: read("--accent") };
  probe.remove();
  return found;
}

export const css = ([red, green, blue], alpha = 1) => `rgb(${red} ${green} ${blue} / ${alpha})`;

/**
 * A color for each cluster, so that those side by side differ: each gets the color that is farthest away so far.
 * @param {[number, number][]} middles where each cluster is, the largest cluster first
 * @returns {number[]} numbers from 0 to COLORS - 1
 */
export function spreadColors(middles) {
  const chosen = [];
  middles.forEach(([x, y], cluster) => {
    const nearest = new Array(COLORS).fill(Infinity);
    chosen.forEach((color, other) => {
      const [otherX, otherY] = middles[other];
      nearest[color] = Math.min(nearest[color], Math.hypot(x - otherX, y - otherY));
    });
    chosen[cluster] = nearest.indexOf(Math.max(...nearest));
  });
  return chosen;
}

/** Call back whenever the page turns dark or light; gives a function that ends it. */
export function watchColors(changed) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const page = new MutationObserver(changed);
  system.addEventListener("change", changed);
  page.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "class", "style"] });
  return () => {
    system.removeEventListener("change", changed);
    page.disconnect();
  };
}
