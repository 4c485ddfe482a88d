// The map in words, for those who do not see it.

/** A hidden list of the clusters, each with the words that stand for it; and the canvas gets its name and its keys. */
export function describe(canvas, atlas) {
  const list = document.createElement("ul");
  list.className = "map-text unseen";
  list.setAttribute("aria-label", "Groups of words on the map");
  list.append(...atlas.names.map((names, number) => {
    const item = document.createElement("li");
    item.textContent = `${names.join(", ")}: ${atlas.members[number].length.toLocaleString("en")} words`;
    return item;
  }));
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-roledescription", "map");
  canvas.setAttribute("aria-label", `Map of ${atlas.size.toLocaleString("en")} words in ${atlas.names.length} groups. `
    + "Arrow keys move it, plus and minus zoom, 0 shows all of it, Enter picks the word in the middle.");
  canvas.after(list);
  return list;
}
