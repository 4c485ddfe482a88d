// The page's state is its address, in the names of the HTTP API: ?view=neighbors&model=news@3&word=war. Whatever is
// asked changes the address and nothing else; the page then shows what the address says. So the back button, a shared
// link and a click on a word are one and the same way.

/** The filters that every ranking takes. */
export const RANKING = ["topn", "min_count", "max_count", "min_rank", "max_rank", "prefix", "pattern", "case", "on_missing"];

export const stateOf = () => new URLSearchParams(location.search);

export const viewOf = (state) => state.get("view") ?? "neighbors";

/** What of the state has these names, as the API's parameters. */
export const pick = (state, names) => names.flatMap((name) => state.getAll(name).map((value) => [name, value]));

/** The address of a view, for the model that is shown unless another is given. */
export function addressIn(view, entries = [], model = stateOf().get("model") ?? document.querySelector("#model").value) {
  const state = new URLSearchParams({ view });
  if (model) state.set("model", model);
  for (const [name, value] of entries) state.append(name, value);
  return `?${state}`;
}

/** Where a word leads: to its neighbors, by the filters in force; on the map to its place there. */
export function addressOfWord(word) {
  const state = stateOf();
  if (viewOf(state) === "map") return addressIn("map", [["word", word]]);
  const kept = viewOf(state) === "neighbors" ? pick(state, RANKING) : [];
  return addressIn("neighbors", [["word", word], ...kept]);
}

/** This address with each value `asked` replaced. */
export function addressWith(asked, instead) {
  const entries = [...stateOf()].map(([name, value]) => [name, value === asked ? instead : value]);
  return `?${new URLSearchParams(entries)}`;
}

/** Go somewhere; `popstate` tells the page, as the back button does. */
export function go(address) {
  if (address !== location.search) history.pushState(null, "", address);
  return dispatchEvent(new PopStateEvent("popstate"));
}
