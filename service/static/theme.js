// Dark or light, before anything is drawn: `auto` follows the reader's system, the button in the header chooses.
// A classic script, since modules would only run after the first paint in the wrong colors.

(() => {
  const root = document.documentElement;
  const KEY = "firth-theme";
  const NEXT = { auto: "light", light: "dark", dark: "auto" };
  const SAID = { auto: "Colors: as the system", light: "Colors: light", dark: "Colors: dark" };

  const remembered = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage is switched off: the choice lasts as long as the page
    }
  };
  const apply = (theme) => {
    root.dataset.theme = theme in NEXT ? theme : "auto";
  };
  const choose = (theme) => {
    apply(theme);
    try {
      localStorage.setItem(KEY, theme);
    } catch { /* as above */ }
  };

  apply(remembered() ?? "auto");
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("#theme");
    const name = () => button.setAttribute("aria-label", SAID[root.dataset.theme]);
    button.addEventListener("click", () => {
      choose(NEXT[root.dataset.theme]);
      name();
    });
    name();
  });
})();
