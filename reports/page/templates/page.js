"use strict";
// Filters poems and draws memory maps. Without this script, every poem is shown with its text.
const form = document.getElementById("filter");
const poems = [...document.querySelectorAll(".poem")];
const count = document.getElementById("count");

function text(poem) {
  return (poem.searched ??= poem.textContent.normalize("NFKC").toLowerCase());
}

function apply() {
  const outcome = form.elements.outcome.value;
  const collection = form.elements.collection.value;
  const words = form.elements.words.value.trim().normalize("NFKC").toLowerCase();
  let shown = 0;
  for (const poem of poems) {
    const fits =
      (!outcome || poem.dataset.outcomes.split(" ").includes(outcome)) &&
      (!collection || poem.dataset.collection === collection) &&
      (!words || text(poem).includes(words));
    poem.hidden = !fits;
    shown += fits;
  }
  count.textContent = `${shown} of ${poems.length} poems`;
}

// A link to a poem opens it, even if the filter hides it.
function open() {
  const place = document.getElementById(location.hash.slice(1));
  if (place && place.matches(".poem")) {
    place.hidden = false;
    place.querySelector("details").open = true;
    place.scrollIntoView();
  }
}

// Maps. A row's code has three characters for each shade (reports/page/maps.py): the first tells
// its length and whether it is underlined, the others a value in hundredths of a logarithm.
const FIRST = 63, BASE = 64, LONGEST = 31, UNKNOWN = BASE * BASE - 1, MIDDLE = (UNKNOWN - 1) / 2;
const PROBABLE = [0.01, 0.1, 0.5, 0.9], FACTORS = [1.2, 2, 10];

function* shades(code) {
  let length = 0;
  for (let at = 0; at < code.length; at += 3) {
    const [head, high, low] = [0, 1, 2].map((more) => code.charCodeAt(at + more) - FIRST);
    const part = head % (LONGEST + 1);
    length += part;
    if (part === LONGEST) continue;
    const value = high * BASE + low;
    yield { length, underlined: head > LONGEST, value: value === UNKNOWN ? null : value };
    length = 0;
  }
}

function rounded(p) {
  return p >= 0.0001 ? String(Number(p.toPrecision(2))) : `1e${Math.round(Math.log10(p))}`;
}

// The class and the tooltip of a shade, on a map and on a difference.
function probable({ value, underlined }) {
  const left = underlined ? "; greedy decoding says something else" : "";
  if (value === null) return { look: "unknown", says: `is not known${left}` };
  const p = Math.exp(-value / 100);
  const least = value === UNKNOWN - 1 ? "at most " : "";
  return {
    look: `p${PROBABLE.filter((edge) => Math.round(-100 * Math.log(edge)) >= value).length}`,
    says: `has probability ${least}${rounded(p)}${left}`,
    log: -value / 100,
  };
}

function changed({ value, underlined }) {
  const lost = underlined ? "; greedy decoding says it no more" : "";
  if (value === null) return { look: "unknown", says: `is not known${lost}` };
  const log = (value - MIDDLE) / 100, factor = Math.exp(Math.abs(log));
  const step = FACTORS.filter((edge) => Math.round(100 * Math.log(edge)) <= Math.abs(value - MIDDLE)).length;
  const [word, more] = log > 0 ? ["grew", "more"] : ["faded", "less"];
  const times = factor < 1000 ? Number(factor.toPrecision(2)) : `1e${Math.round(Math.log10(factor))}`;
  return {
    look: step ? `${word}${step}` : "same",
    says: step ? `${word}, ${times} times ${more} probable${lost}` : `is about as probable as before${lost}`,
    word: step ? word : null,
  };
}

function element(name, look, content) {
  const made = document.createElement(name);
  if (look) made.className = look;
  if (content) made.textContent = content;
  return made;
}

// The lines of a text in the shades of one row: a line is a list of nodes and of their tooltips.
// The space before a word is shaded like the word, but not underlined.
function lines(characters, code, describe) {
  const found = [{ nodes: [], shades: [] }];
  let at = 0, space = "";
  const skip = () => {
    for (space = ""; at < characters.length && /\s/.test(characters[at]); at++) {
      if (characters[at] !== "\n") space += characters[at];
      else {
        if (space) found.at(-1).nodes.push(space);
        found.push({ nodes: [], shades: [] });
        space = "";
      }
    }
  };
  skip();
  for (const shade of shades(code)) {
    const said = describe(shade);
    const parts = characters.slice(at, at + shade.length).join("").split("\n");
    parts.forEach((part, number) => {
      if (number) found.push({ nodes: [], shades: [] });
      else if (space) found.at(-1).nodes.push(element("span", found.at(-1).shades.length && said.look, space));
      const unit = element("span", `unit ${said.look}${shade.underlined ? " left" : ""}`, part);
      unit.title = `“${part}” ${said.says}`;
      found.at(-1).nodes.push(unit);
      found.at(-1).shades.push({ ...said, part, left: shade.underlined });
    });
    at += shade.length;
    skip();
  }
  if (space) found.at(-1).nodes.push(space);
  return found;
}

// A sentence about a line, for screen readers.
function summary(name, shades, difference) {
  const quoted = (chosen) => chosen.map(({ part }) => `“${part}”`).join(", ");
  const left = quoted(shades.filter((shade) => shade.left));
  const says = [];
  if (difference) {
    for (const word of ["grew", "faded"]) {
      const chosen = quoted(shades.filter((shade) => shade.word === word));
      if (chosen) says.push(`${word}: ${chosen}`);
    }
    if (left) says.push(`said no more: ${left}`);
    return says.join("; ") || "about as probable as before";
  }
  const known = shades.filter((shade) => shade.log !== undefined);
  const p = Math.exp(known.reduce((sum, shade) => sum + shade.log, 0));
  if (known.length) says.push(`probability ${p > 0 ? rounded(p) : "next to 0"}`);
  if (left) says.push(`left at ${left}`);
  return `${name ? `${name}: ` : ""}${says.join("; ")}`;
}

function clear(poem) {
  poem.querySelector(".map")?.remove();
  poem.querySelector(".words").hidden = false;
}

// Draws the map of a poem in place of its text: the one chosen under "Shades".
function draw(poem) {
  clear(poem);
  const words = poem.querySelector(".words");
  const chosen = form.elements.shades?.value ?? "";
  const rows = [...poem.querySelectorAll(chosen ? `[data-difference="${chosen}"][data-code]` : "[data-model][data-code]")];
  if (!rows.length) return;
  text(poem);
  const characters = [...words.textContent];
  const found = rows.map((row) => lines(characters, row.dataset.code, chosen ? changed : probable));
  const map = element("div", rows.length > 1 ? "map several" : "map");
  map.dir = "auto";
  found[0].forEach((_, number) => {
    const line = element("div", "line");
    rows.forEach((row, at) => {
      const { nodes, shades } = found[at][number];
      if (!nodes.length) return;
      const said = element("div", "said"), quote = element("span", "verse");
      quote.dir = "auto";
      quote.append(...nodes);
      if (at) quote.ariaHidden = "true";
      if (rows.length > 1) {
        const key = row.querySelector(".key").cloneNode(true);
        key.ariaHidden = "true";
        said.append(key);
      }
      said.append(quote);
      const told = element("span", "hidden", summary(row.querySelector("bdi")?.textContent, shades, chosen));
      told.lang = "en";
      line.append(said, told);
    });
    map.append(line);
  });
  // Without a pointer there are no tooltips: a touch shows a shade's words.
  const told = element("output", "told");
  map.addEventListener("click", ({ target }) => { told.textContent = target.title ?? ""; });
  map.append(told);
  words.before(map);
  words.hidden = true;
}

// A map is drawn only when its poem comes into sight.
const sight = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      sight.unobserve(target);
      draw(target.closest(".poem"));
    }
  },
  { rootMargin: "400px" },
);
const mapped = poems.filter((poem) => poem.querySelector("[data-code]"));

function watch(poem) {
  if (poem.querySelector("details").open) sight.observe(poem.querySelector(".text"));
}

for (const poem of mapped) poem.querySelector("details").addEventListener("toggle", () => watch(poem));

function redraw() {
  for (const poem of mapped) {
    clear(poem);
    sight.unobserve(poem.querySelector(".text"));
    watch(poem);
  }
}

addEventListener("beforeprint", () => {
  for (const poem of mapped) {
    if (poem.querySelector("details").open && !poem.querySelector(".map")) draw(poem);
  }
});
for (const link of document.querySelectorAll("a[data-difference]")) {
  link.addEventListener("click", () => {
    form.elements.shades.value = link.dataset.difference;
    redraw();
  });
}

form.hidden = false;
form.addEventListener("input", (event) => (event.target.name === "shades" ? redraw() : apply()));
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(() => (apply(), redraw())));
form.elements.open.addEventListener("click", () => {
  for (const poem of poems) if (!poem.hidden) poem.querySelector("details").open = true;
});
addEventListener("hashchange", open);
apply();
open();
