"use strict";
// The trajectory in three dimensions: play, pause, scrub, another run. Needs 3Dmol.js and WebGL, and says so without.
(() => {
  const stage = document.getElementById("stage");
  if (!stage || !window.$3Dmol) return;
  const movies = JSON.parse(document.getElementById("page-data").textContent).movies;
  const [play, scrub, when, note, choice] = ["play", "scrub", "when", "stage-note", "movie-choice"].map((id) =>
    document.getElementById(id),
  );
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const SECONDS_A_FRAME = 1 / 24;
  const SLOWEST = 5000; // atoms beyond which bonds and balls give way to lines
  let viewer = null;
  let movie = movies[0];
  let frame = 0;
  let timer = null;

  const paper = () => getComputedStyle(document.documentElement).getPropertyValue("--stage").trim();

  function positions(one) {
    const bytes = Uint8Array.from(atob(one.positions), (c) => c.charCodeAt(0));
    return one.bits === 16 ? new Int16Array(bytes.buffer) : new Int32Array(bytes.buffer);
  }

  function text(one) {
    const codes = positions(one);
    const atoms = one.symbols.length;
    const frames = [];
    for (let f = 0, at = 0; f < one.frames; f++) {
      const lines = [String(atoms), ""];
      for (let a = 0; a < atoms; a++, at += 3) {
        lines.push(`${one.symbols[a]} ${codes[at] / 1000} ${codes[at + 1] / 1000} ${codes[at + 2] / 1000}`);
      }
      frames.push(lines.join("\n"));
    }
    return frames.join("\n") + "\n";
  }

  function box(cell) {
    const corner = (i, j, k) => ({
      x: i * cell[0][0] + j * cell[1][0] + k * cell[2][0],
      y: i * cell[0][1] + j * cell[1][1] + k * cell[2][1],
      z: i * cell[0][2] + j * cell[1][2] + k * cell[2][2],
    });
    for (const [i, j] of [[0, 0], [0, 1], [1, 0], [1, 1]]) {
      viewer.addLine({ start: corner(0, i, j), end: corner(1, i, j), color: "#888888" });
      viewer.addLine({ start: corner(i, 0, j), end: corner(i, 1, j), color: "#888888" });
      viewer.addLine({ start: corner(i, j, 0), end: corner(i, j, 1), color: "#888888" });
    }
  }

  function load(one) {
    movie = one;
    frame = 0;
    viewer.removeAllModels();
    viewer.removeAllShapes();
    viewer.addModelsAsFrames(text(one), "xyz");
    const many = one.symbols.length > SLOWEST;
    viewer.setStyle({}, many ? { line: {} } : { stick: { radius: 0.11 }, sphere: { scale: 0.24 } });
    if (one.cell) box(one.cell);
    scrub.max = one.frames - 1;
    play.disabled = scrub.disabled = one.frames < 2;
    viewer.zoomTo();
    viewer.zoom(1.15);
    return show(0);
  }

  function show(number) {
    frame = number;
    scrub.value = number;
    stage.dataset.frame = number;
    const time = movie.time ? `${(movie.time[number] / 1000).toFixed(3)} ps` : "";
    when.textContent = `${time || `frame ${number + 1}`}  of  ${
      movie.time ? `${(movie.time[movie.frames - 1] / 1000).toFixed(3)} ps` : movie.frames
    }`;
    scrub.setAttribute("aria-valuetext", time || `frame ${number + 1} of ${movie.frames}`);
    return Promise.resolve(viewer.setFrame(number)).then(() => viewer.render());
  }

  function pause() {
    clearTimeout(timer);
    timer = null;
    play.textContent = "Play";
  }

  function step() {
    show((frame + 1) % movie.frames).then(() => {
      if (timer !== null) timer = setTimeout(step, 1000 * SECONDS_A_FRAME);
    });
  }

  function start() {
    play.textContent = "Pause";
    timer = setTimeout(step, 0);
  }

  try {
    viewer = $3Dmol.createViewer(stage, { backgroundColor: paper(), antialias: true, disableFog: true });
    if (!viewer) throw new Error("no WebGL");
    load(movie);
  } catch (error) {
    note.textContent = `This browser does not draw in three dimensions (${error.message}); it needs WebGL.`;
    play.disabled = scrub.disabled = true;
    stage.hidden = true;
    return;
  }
  stage.viewer = viewer; // for whoever opens the console
  stage.dataset.ready = "yes";
  play.addEventListener("click", () => (timer === null ? start() : pause()));
  scrub.addEventListener("input", () => {
    pause();
    show(Number(scrub.value));
  });
  if (choice) choice.addEventListener("change", () => { pause(); load(movies[Number(choice.value)]); });
  const paint = (colour) => {
    viewer.setBackgroundColor(colour);
    viewer.render();
  };
  dark.addEventListener("change", () => paint(paper()));
  addEventListener("resize", () => viewer.resize());
  addEventListener("beforeprint", () => {
    pause();
    paint("#ffffff");
  });
  addEventListener("afterprint", () => paint(paper()));
  if (still) note.textContent += " It plays when asked.";
})();
