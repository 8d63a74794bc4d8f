// Runs before the first paint: a chosen theme is on the root element before anything is drawn.
(() => {
  const key = "chancery.theme";
  const root = document.documentElement;

  const stored = () => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // Storage may be forbidden; the system's theme is a good one.
    }
  };

  const apply = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  };

  apply(stored());

  document.addEventListener("DOMContentLoaded", () => {
    for (const choices of document.querySelectorAll("[data-theme-choices]")) {
      choices.hidden = false;
      for (const radio of choices.querySelectorAll("input")) {
        radio.checked = radio.value === (stored() ?? "system");
        radio.addEventListener("change", () => {
          apply(radio.value);
          try {
            if (radio.value === "system") localStorage.removeItem(key);
            else localStorage.setItem(key, radio.value);
          } catch {
            // The choice holds for this page only.
          }
        });
      }
    }
  });

  addEventListener("storage", (event) => {
    if (event.key === key) apply(event.newValue);
  });
})();
