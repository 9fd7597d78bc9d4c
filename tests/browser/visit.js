"use strict";
// Opens a page of `gaq report` from disk in headless Chromium and tells what it saw, as JSON on stdout.
//
//     node visit.js PAGE.html FOLDER_OF_NODE_MODULES CHROMIUM [FOLDER_FOR_PICTURES]
const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");

const [page_, modules, chromium_, pictures] = process.argv.slice(2);
const need = createRequire(path.resolve(modules, "package.json"));
const { chromium } = need("playwright-core");
const axe = fs.readFileSync(need.resolve("axe-core/axe.min.js"), "utf8");

const FLAGS = [
  ...["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"],
  ...["--use-angle=swiftshader", "--enable-unsafe-swiftshader"], // WebGL without a GPU
];
const DESKTOP = { reducedMotion: "reduce", viewport: { width: 1280, height: 900 } };
const PHONE = { reducedMotion: "reduce", viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const WIDE = { reducedMotion: "reduce", viewport: { width: 1400, height: 900 } };
const TALL = { light: 2000, dark: 2000, phone: 1500 }; // pictures show more than a screen
const PATIENCE = 60000; // ms

async function open(browser, options, seen) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on("console", (message) => message.type() === "error" && seen.errors.push(message.text()));
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("dialog", (dialog) => { seen.errors.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => /^(file|data|blob):/.test(request.url()) || seen.requests.push(request.url()));
  await page.goto(`file://${path.resolve(page_)}`);
  return page;
}

// Every plot comes into sight once, and is drawn then. Returns how many marks each has.
async function plots(page) {
  if (!(await page.evaluate(() => "Plotly" in window))) return {};
  const switches = await page.locator("fieldset.switch input").all();
  const marks = {};
  const look = async () => {
    for (const place of await page.locator("[data-plot]:visible").all()) {
      const key = await place.getAttribute("data-plot");
      if (key in marks) continue;
      await place.evaluate((element) => element.scrollIntoView());
      const drawn = place.locator(".point, .points path, .js-line, .bars path").first();
      await drawn.waitFor({ state: "attached", timeout: 5000 }).catch(() => {});
      marks[key] = await place.locator(".points path, .js-line, .bars path").count();
    }
  };
  await look();
  for (const button of switches) {
    await button.check({ force: true });
    await look();
  }
  return marks;
}

async function sorting(page) {
  const table = page.locator("table.sortable");
  if (!(await table.count())) return null;
  const column = 2;
  const values = () => table.locator(`tbody tr > :nth-child(${column + 1})`).evaluateAll((cells) => cells.map((c) => c.dataset.value));
  const heading = table.locator("thead th").nth(column);
  const before = await values();
  await heading.locator("button").click();
  const clicked = { state: await heading.getAttribute("aria-sort"), values: await values() };
  await heading.locator("button").focus();
  await page.keyboard.press("Enter");
  const pressed = { state: await heading.getAttribute("aria-sort"), values: await values() };
  return { before, clicked, pressed };
}

async function playing(page) {
  const stage = page.locator("#stage[data-ready]");
  if (!(await stage.count())) return null;
  await stage.evaluate((element) => element.scrollIntoView());
  const frame = async () => Number(await stage.getAttribute("data-frame"));
  const image = () => stage.evaluate((place) => place.viewer.pngURI());
  const first = await image();
  await page.locator("#play").click();
  await page.waitForFunction(() => Number(document.getElementById("stage").dataset.frame) >= 3);
  await page.locator("#play").click();
  const paused = await frame();
  await page.waitForTimeout(500);
  const still = (await frame()) === paused;
  await page.locator("#scrub").fill("1");
  await page.waitForTimeout(200);
  const last = await image();
  return { paused, still, scrubbed: await frame(), moved: first !== last && last.length > 5000, said: await page.locator("#when").textContent() };
}

async function accessibility(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map((v) => `${v.id}: ${v.nodes.length}, ${v.nodes[0].html.slice(0, 160)}`);
}

// What of the tables is out of sight: pixels beyond the edge of each that is shown, and the words that a screen has.
const tables = (page) =>
  page.evaluate(() => {
    const shown = [...document.querySelectorAll(".scroll")].filter((place) => place.offsetParent);
    return {
      beyond: shown.map((place) => [place.getAttribute("aria-label"), place.scrollWidth - place.clientWidth]),
      words: document.querySelector(".comparison")?.innerText ?? "",
      labels: [...document.querySelectorAll(".comparison td[data-label]")]
        .filter((cell) => cell.offsetParent && cell.getBoundingClientRect().right <= innerWidth)
        .map((cell) => cell.dataset.label),
    };
  });

// What a printer would get: the paper of plots while the page is printed, from a dark screen.
async function printing(page) {
  await page.evaluate(() => {
    addEventListener("beforeprint", () => {
      const paper = document.querySelector(".plot .bg, .plot .main-svg");
      window.printed = paper && getComputedStyle(paper.closest(".plot").querySelector(".main-svg")).backgroundColor;
    });
  });
  const pdf = await page.pdf({ format: "A4", printBackground: true });
  if (pictures) fs.writeFileSync(path.join(pictures, "page.pdf"), pdf);
  return { paper: await page.evaluate(() => window.printed ?? null), bytes: pdf.length };
}

const papers = (page) =>
  page.evaluate(() => {
    const drawing = document.querySelector(".plot .main-svg");
    return drawing && getComputedStyle(drawing).backgroundColor;
  });

const picture = async (page, name) => {
  if (!pictures) return;
  await page.evaluate(() => scrollTo({ top: 0, behavior: "instant" }));
  await page.waitForTimeout(500);
  const size = page.viewportSize();
  await page.setViewportSize({ width: size.width, height: TALL[name] });
  await page.waitForTimeout(3000); // what came into sight is drawn
  await page.screenshot({ path: path.join(pictures, `page-${name}.png`), scale: "css" });
  await page.setViewportSize(size);
};

(async () => {
  const browser = await chromium.launch({ executablePath: chromium_, args: FLAGS, timeout: PATIENCE });
  const seen = { errors: [], requests: [] };
  try {
    const page = await open(browser, { ...DESKTOP, colorScheme: "light" }, seen);
    seen.title = await page.title();
    seen.plots = await plots(page);
    seen.table = await sorting(page);
    seen.movie = await playing(page);
    seen.axe = { light: await accessibility(page) };
    seen.paper = { light: await papers(page) };
    await page.reload();
    await picture(page, "light");
    await page.emulateMedia({ colorScheme: "dark" });
    await page.waitForTimeout(500);
    seen.paper.dark = await papers(page);
    await picture(page, "dark");
    await plots(page);
    seen.axe.dark = await accessibility(page);
    seen.print = await printing(page);
    seen.paper.after = await papers(page);
    await page.context().close();

    const phone = await open(browser, { ...PHONE, colorScheme: "light" }, seen);
    await plots(phone);
    // Against the width of the device: a page that is too wide makes innerWidth grow with it.
    seen.overflow = (await phone.evaluate(() => document.documentElement.scrollWidth)) - PHONE.viewport.width;
    seen.axe.phone = await accessibility(phone);
    seen.cards = await tables(phone);
    await picture(phone, "phone");

    const wide = await open(browser, { ...WIDE, colorScheme: "light" }, seen);
    await wide.evaluate(() => document.querySelectorAll("details").forEach((fold) => (fold.open = true)));
    seen.wide = await tables(wide);
  } finally {
    await browser.close();
  }
  console.log(JSON.stringify(seen));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
