// Light or dark: the system's wish, or the reader's own, which this browser remembers. Runs before the page is drawn.
(function () {
  "use strict";
  var root = document.documentElement;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");

  function remembered() {
    try {
      var theme = window.localStorage.getItem("theme");
      return theme === "light" || theme === "dark" ? theme : null;
    } catch (error) {
      return null; // Storage may be forbidden: the system's wish stands.
    }
  }

  function remember(theme) {
    try {
      if (theme) window.localStorage.setItem("theme", theme);
      else window.localStorage.removeItem("theme");
    } catch (error) {
      // The choice then holds for this page alone.
    }
  }

  function shown() {
    return root.dataset.theme || (dark.matches ? "dark" : "light");
  }

  var chosen = remembered();
  if (chosen) root.dataset.theme = chosen;

  document.addEventListener("DOMContentLoaded", function () {
    var button = document.querySelector("[data-theme-toggle]");
    if (!button) return;
    function tell() {
      button.setAttribute("aria-pressed", String(shown() === "dark"));
      root.dispatchEvent(new CustomEvent("themechange", { bubbles: true, detail: shown() }));
    }
    button.hidden = false;
    button.addEventListener("click", function () {
      var theme = shown() === "dark" ? "light" : "dark";
      var isSystem = theme === (dark.matches ? "dark" : "light");
      if (isSystem) delete root.dataset.theme;
      else root.dataset.theme = theme;
      remember(isSystem ? null : theme);
      tell();
    });
    dark.addEventListener("change", tell);
    tell();
  });
})();
