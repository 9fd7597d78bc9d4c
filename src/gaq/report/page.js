"use strict";
// Draws the plots in the colours of the reader's theme, sorts the table, switches views. Needs plotly.js for the plots alone.
(() => {
  const data = JSON.parse(document.getElementById("page-data").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const coarse = matchMedia("(pointer: coarse)").matches;
  const PAPER_WIDTH = { 1: 680, 2: 335, 3: 222 };
  let printing = false;

  const theme = () => data.themes[dark.matches && !printing ? "dark" : "light"];

  // Colours stand by name in what Python wrote: "@ink".
  function coloured(value, colours, key) {
    if (Array.isArray(value)) return value.map((entry) => coloured(entry, colours, key));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, coloured(entry, colours, name)]));
    }
    const isColour = typeof value === "string" && /color$/i.test(key || "") && value.startsWith("@");
    return isColour ? colours[value.slice(1)] : value;
  }

  function dressed(layout, colours) {
    const font = { family: getComputedStyle(document.body).fontFamily, size: 12, color: colours.ink };
    const made = coloured(layout, colours);
    made.font = font;
    made.title.font = { size: 14, weight: 600 };
    made.hoverlabel = { bgcolor: colours.paper, bordercolor: colours.faint, font };
    for (const name of ["xaxis", "yaxis"]) {
      const axis = made[name];
      axis.tickfont = { size: 11, color: name === "yaxis" && axis.type === "category" ? colours.ink : colours.faint };
      axis.title.font = { size: 12, color: colours.faint };
      axis.fixedrange = coarse;
    }
    made.dragmode = coarse ? false : "zoom";
    return made;
  }

  function draw(place) {
    const plot = data.plots[place.dataset.plot];
    const colours = theme();
    const layout = dressed(plot.layout, colours);
    const settings = { displayModeBar: false, displaylogo: false, responsive: !printing, showTips: false };
    layout.autosize = !printing;
    layout.height = plot.height;
    if (printing) layout.width = PAPER_WIDTH[place.parentElement.dataset.columns] || 680;
    place.dataset.drawn = "yes";
    return Plotly.react(place, coloured(plot.traces, colours), layout, settings);
  }

  const places = [...document.querySelectorAll("[data-plot]")];
  const seen = (place) => !place.closest("[hidden]");
  const drawn = () => places.filter((place) => place.dataset.drawn && seen(place));
  for (const grid of document.querySelectorAll(".panels")) {
    const most = Number(grid.className.match(/columns-(\d)/)[1]);
    grid.dataset.columns = Math.min(most, Math.max(1, grid.children.length));
  }

  if (window.Plotly) {
    // Those in sight first; the others as soon as there is time, and before they come into sight.
    const watcher = new IntersectionObserver(
      (entries) => {
        for (const entry of entries) {
          if (!entry.isIntersecting) continue;
          watcher.unobserve(entry.target);
          if (!entry.target.dataset.drawn) draw(entry.target);
        }
      },
      { rootMargin: "600px" },
    );
    for (const place of places) watcher.observe(place);
    const again = () => drawn().forEach(draw);
    dark.addEventListener("change", again);
    const before = () => {
      if (printing) return;
      printing = true;
      places.filter(seen).forEach(draw);
    };
    const after = () => {
      if (!printing) return;
      printing = false;
      again();
    };
    addEventListener("beforeprint", before);
    addEventListener("afterprint", after);
    matchMedia("print").addEventListener("change", (event) => (event.matches ? before() : after()));
  }

  for (const fieldset of document.querySelectorAll("fieldset.switch")) {
    fieldset.addEventListener("change", (event) => {
      const section = fieldset.closest("section");
      for (const view of section.querySelectorAll("[data-view]")) {
        view.hidden = view.dataset.view !== event.target.value;
        if (!view.hidden && window.Plotly) view.querySelectorAll("[data-plot]").forEach(draw);
      }
    });
  }

  function sort(table, column, descending) {
    const body = table.tBodies[0];
    const value = (row) => row.cells[column].dataset.value ?? "";
    const compare = (a, b) => {
      const [one, other] = [value(a), value(b)];
      if (one === "" || other === "") return (one === "") - (other === ""); // nothing measured comes last
      const numbers = [Number(one), Number(other)];
      const order = numbers.some(Number.isNaN) ? one.localeCompare(other) : numbers[0] - numbers[1];
      return descending ? -order : order;
    };
    body.append(...[...body.rows].sort(compare));
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      heading.querySelector("button").addEventListener("click", () => {
        const descending = heading.getAttribute("aria-sort") === "ascending";
        for (const other of headings) other.setAttribute("aria-sort", "none");
        heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
        sort(table, column, descending);
      });
    });
  }
})();
