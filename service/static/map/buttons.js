// Three buttons over the map: nearer, farther, all of it.

const BUTTONS = [["+", "Zoom in", "nearer"], ["\u2212", "Zoom out", "farther"], ["\u25a2", "Show the whole map", "home"]];

/** Put the buttons beside the canvas; `wishes` has a function for each: nearer(), farther(), home(). */
export function addButtons(canvas, wishes) {
  const group = document.createElement("div");
  group.className = "map-buttons";
  group.append(...BUTTONS.map(([sign, name, wish]) => {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: sign, title: name });
    button.setAttribute("aria-label", name);
    button.addEventListener("click", wishes[wish]);
    return button;
  }));
  canvas.after(group);
  return group;
}
