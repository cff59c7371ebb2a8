"use strict";
// Only a filter: without it every poem is shown.
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

// A link to a poem opens it, even where it is filtered out.
function open() {
  const place = document.getElementById(location.hash.slice(1));
  if (place && place.matches(".poem")) {
    place.hidden = false;
    place.querySelector("details").open = true;
    place.scrollIntoView();
  }
}

form.hidden = false;
form.addEventListener("input", apply);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(apply));
addEventListener("hashchange", open);
apply();
open();
