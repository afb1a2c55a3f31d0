// What htmx does not do: addresses of results, dropped files, passphrases, the slider, errors, and runs under way.
"use strict";

const first = (selector) => document.querySelector(selector);

function choose(input, files) {
  const carrier = new DataTransfer();
  for (const file of input.multiple ? files : [...files].slice(0, 1)) carrier.items.add(file);
  input.files = carrier.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

// A result has an address, /jobs/ID: reloading it and going back and forth keep it.
const JOB = /^\/jobs\/[^/]+$/;
htmx.onLoad((loaded) => {
  const job = loaded.closest?.("[data-job]"), outcome = first("#outcome");
  if (!job || job.parentElement !== outcome) return;
  const address = `/jobs/${job.dataset.job}`;
  if (location.pathname !== address) history.pushState(null, "", address);
  const top = outcome.getBoundingClientRect().top;
  if (top < 0 || top > 0.6 * innerHeight) outcome.scrollIntoView();
});
window.addEventListener("popstate", () => {
  if (!first(".work")) location.reload(); // the page of one result
  else if (JOB.test(location.pathname)) htmx.ajax("GET", location.pathname, { target: "#outcome", swap: "innerHTML" });
  else first("#outcome").replaceChildren();
});

function made(tag, words = "", name = "") {
  const element = document.createElement(tag);
  element.textContent = words;
  element.className = name;
  return element;
}

function preview(drop, input) {
  const box = drop.querySelector(".previews"), files = [...input.files];
  for (const shown of box.querySelectorAll("img")) URL.revokeObjectURL(shown.src);
  box.replaceChildren(...files.slice(0, PREVIEWED).map((file) => thumbnail(URL.createObjectURL(file), file.name)));
  box.classList.toggle("many", files.length > 1);
  const others = files.filter((file) => !file.type.startsWith("image/")).length;
  if (others) box.append(made("p", `${others} of ${files.length} ${files.length === 1 ? "file" : "files"} ${others === 1 ? "does" : "do"} not look like a picture by name.`));
}

const PREVIEWED = 64;
function thumbnail(address, name) {
  const figure = made("figure"), picture = figure.appendChild(document.createElement("img"));
  picture.alt = "";
  picture.addEventListener("error", () => picture.replaceWith(made("span", "no preview", "none")));
  picture.src = address;
  figure.append(made("figcaption", name));
  return figure;
}

// For requests without an answer of this server; shown where the outcome would have been.
const LOST = ["The request did not get through.", "Give at most 32 MiB together. If it was less, the server has ended: start ssgan serve again."];

function fail(where, [message, hint]) {
  const said = document.createElement("div");
  said.className = "error";
  said.setAttribute("role", "alert");
  said.appendChild(document.createElement("p")).appendChild(document.createElement("b")).textContent = message;
  if (hint) said.appendChild(document.createElement("p")).textContent = hint;
  where.replaceChildren(said);
}

function refusal(text) {
  let parts;
  try { parts = Object.values(JSON.parse(text).error); } catch { parts = text.split("\n"); }
  return parts.filter((words) => typeof words === "string").map((words) => words.replace(/^[a-z](?=[a-z]*[ ,])/, (letter) => letter.toUpperCase()));
}

document.addEventListener("htmx:responseError", (event) => fail(event.detail.target, refusal(event.detail.xhr.responseText)));
document.addEventListener("htmx:sendError", (event) => fail(event.detail.target, LOST));

const ownHeaders = () => ({ ...JSON.parse(document.body.getAttribute("hx-headers")), "HX-Request": "true" });

async function askCapacity(fields) {
  const form = new FormData(), meter = first("#meter");
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  try {
    const answer = await fetch("/capacity", { method: "POST", body: form, headers: ownHeaders() }), text = await answer.text();
    if (answer.ok) htmx.swap(meter, text, { swapStyle: "innerHTML" }); else fail(meter, refusal(text));
  } catch { fail(meter, LOST); }
}

// A picture that cannot be a cover as it is: the server makes a PNG of it, which takes its place in the form.
async function remedy(button) {
  const input = [...document.querySelectorAll("#cover, #image")].find((one) => one.files[0]), where = button.closest(".job").parentElement;
  if (!input) return;
  const form = new FormData(), headers = { ...ownHeaders(), Accept: "application/json" };
  form.append("cover", input.files[0]);
  form.append("remedy", button.dataset.remedy);
  button.disabled = true;
  try {
    let job = await (await fetch("/convert", { method: "POST", body: form, headers })).json();
    while (["waiting", "running"].includes(job.state)) {
      await new Promise((later) => setTimeout(later, 200));
      job = await (await fetch(`/jobs/${job.id}`, { headers })).json();
    }
    if (job.error) { fail(where, refusal(JSON.stringify(job))); return; }
    const content = await (await fetch(`/jobs/${job.id}/files/cover.png`)).blob();
    where.replaceChildren();
    choose(input, [new File([content], job.result.name, { type: "image/png" })]);
  } catch { fail(where, LOST); }
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-remedy]");
  if (button) remedy(button);
});

function fill() {
  const meter = first("#meter meter"), message = first("#message");
  if (!meter || !message) return;
  const size = first("#payload").files[0]?.size ?? new TextEncoder().encode(message.value).length;
  const room = Number(first("#meter [data-bytes]").dataset.bytes), over = first("#meter [data-over]");
  meter.value = Math.min(size, meter.max);
  first("#meter [data-size]").textContent = size.toLocaleString("en");
  over.hidden = size <= room;
  over.textContent = over.hidden ? "" : `${(size - room).toLocaleString("en")} bytes too many.`;
}

document.addEventListener("dragover", (event) => {
  const drop = event.target.closest("[data-drop]");
  if (drop) { event.preventDefault(); drop.classList.add("over"); }
});
document.addEventListener("dragleave", (event) => event.target.closest("[data-drop]")?.classList.remove("over"));
document.addEventListener("drop", (event) => {
  const drop = event.target.closest("[data-drop]");
  if (!drop) return;
  event.preventDefault();
  drop.classList.remove("over");
  choose(drop.querySelector("input"), event.dataTransfer.files);
});
document.addEventListener("change", (event) => {
  if (event.target.id === "payload") fill();
  if (event.target.id === "covers" || event.target.name === "generator") showCovers();
  const drop = event.target.closest("[data-drop]");
  if (!drop) return;
  preview(drop, event.target);
  if (event.target.id === "cover" && event.target.files[0]) {
    askCapacity({ cover: event.target.files[0] });
  }
});
document.addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-cover]");
  if (!chosen) return;
  const field = first("#generated");
  if (!field) { location.href = "/hide#" + chosen.dataset.cover; return; }
  take(chosen.dataset.cover);
  document.querySelectorAll("[data-cover]").forEach((one) => one.setAttribute("aria-pressed", String(one === chosen)));
});
// The middle stays in the middle.
function zoom(box, by) {
  const size = Math.min(32, Math.max(1, Number(box.dataset.zoomed) * by)), view = box.querySelector(".scroll");
  const across = (view.scrollLeft + view.clientWidth / 2) / view.scrollWidth;
  const down = (view.scrollTop + view.clientHeight / 2) / view.scrollHeight;
  box.dataset.zoomed = size;
  view.firstElementChild.style.width = `${100 * size}%`;
  view.scrollTo(across * view.scrollWidth - view.clientWidth / 2, down * view.scrollHeight - view.clientHeight / 2);
  box.querySelector("output").textContent = `${size} x`;
  // Not disabled: that would take the focus from the button that was pressed.
  box.querySelector("[data-zoom='0.5']").setAttribute("aria-disabled", size === 1);
  box.querySelector("[data-zoom='2']").setAttribute("aria-disabled", size === 32);
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-zoom]");
  if (button) zoom(button.closest("[data-zoomed]"), Number(button.dataset.zoom));
});
document.addEventListener("keydown", (event) => {
  const box = event.target.closest("[data-zoomed]"), by = { "+": 2, "=": 2, "-": 0.5 }[event.key];
  // With Ctrl or Cmd the browser zooms.
  if (!box || !by || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  zoom(box, by);
});
document.addEventListener("input", (event) => {
  if (event.target.id === "message") fill();
  if (event.target.id === "slide") {
    first("[data-slider] .over").style.clipPath = `inset(0 0 0 ${event.target.value}%)`;
    first("[data-slider] .edge").style.left = `${event.target.value}%`;
  }
});

// The passphrase: shown or hidden, or made by the server.
function showSecret(box, shown) {
  const button = box.querySelector("[data-show]"), words = box.querySelector("[data-made]");
  box.querySelector("[name=passphrase]").type = shown ? "text" : "password";
  button.textContent = shown ? "Hide" : "Show";
  if (words && !shown) words.hidden = true;
}
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-show], [data-make]"), box = button?.closest("fieldset");
  if (!box) return;
  if (button.matches("[data-show]")) { showSecret(box, button.textContent === "Show"); return; }
  const answer = await fetch("/passphrase", { method: "POST", headers: ownHeaders() });
  const { passphrase } = await answer.json();
  box.querySelector("[name=passphrase]").value = passphrase;
  box.querySelector("[data-made] .words").textContent = passphrase;
  box.querySelector("[data-made]").hidden = false;
  showSecret(box, true);
});
document.addEventListener("htmx:afterSettle", fill);

// Tables sort by the column whose button is pressed; pressed again, the other way round.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-sort]");
  if (!button) return;
  const table = button.closest("table"), column = button.closest("th"), key = button.dataset.sort;
  const down = column.getAttribute("aria-sort") === "ascending";
  const order = (one, other) => one.dataset[key].localeCompare(other.dataset[key], "en", { numeric: true }) * (down ? -1 : 1);
  for (const other of table.querySelectorAll("th[aria-sort]")) other.setAttribute("aria-sort", "none");
  column.setAttribute("aria-sort", down ? "descending" : "ascending");
  table.tBodies[0].append(...[...table.tBodies[0].rows].sort(order));
});

// Show the fields of one kind of cover: a file, one that the message draws, or one to choose; the others are not sent.
function showCovers() {
  if (!first("#covers")) return;
  const kind = first("#covers").value, cover = first("#cover").files[0], chosen = first("#generated").value;
  for (const part of document.querySelectorAll("[data-for]")) {
    part.hidden = !part.dataset.for.split(" ").includes(kind);
    for (const field of part.querySelectorAll("input, select")) field.disabled = part.hidden;
  }
  if (kind === "drawn") askCapacity({ covers: kind, generator: first("#generator").value });
  else if (kind === "file" && cover) askCapacity({ cover });
  else if (kind === "changed" && chosen) askCapacity({ covers: kind, generated: chosen });
  else first("#meter").textContent = "Choose a cover to see how much fits.";
}

function take(cover) {
  first("#covers").value = "changed";
  first("#generated").value = cover;
  first("[data-for=changed] .previews").replaceChildren(thumbnail("/jobs/" + cover.replace("/", "/files/"), "the chosen cover"));
  showCovers();
}

document.addEventListener("DOMContentLoaded", () => {
  if (first("#covers")) {
    const wanted = location.hash.slice(1);
    if (wanted === "drawn") first("#covers").value = wanted;
    else if (wanted.includes("/")) take(wanted);
    if (wanted) history.replaceState(null, "", location.pathname);
    showCovers();
  }
  const curves = first("[data-events]");
  if (!curves) return;
  const events = new EventSource(curves.dataset.events);
  const show = (event) => {
    const run = JSON.parse(event.data), grids = first("#grids");
    curves.innerHTML = run.curves.map(([, svg]) => `<figure>${svg}</figure>`).join("");
    if (run.curves.length) first("#nothing")?.remove();
    first("#state").textContent = `${run.images_seen.toLocaleString("en")} images seen, ${event.type === "done" ? "done" : "running"}`;
    if (run.grids) {
      const latest = grids.querySelector("img") ?? grids.appendChild(document.createElement("img"));
      latest.src = grids.dataset.grids + (run.grids - 1);
      latest.alt = "The latest grid of samples";
    }
    if (event.type === "done") events.close();
  };
  events.addEventListener("error", () => {
    if (events.readyState !== EventSource.CLOSED) return;
    first("#state").textContent = "Too many windows are watching runs. Close some, then load this page again.";
  });
  events.addEventListener("more", show);
  events.addEventListener("done", show);
});
