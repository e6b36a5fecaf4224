// Asks for what is new every two seconds, and hands it to the parts of the page.
import { clock, count, el, percent, redraw, span } from "./dom.js";
import { showCharts } from "./charts.js";
import { showChanges, showEstate } from "./estate.js";
import { showFailures } from "./failures.js";
import { dollars, showUsage } from "./usage.js";

const every = 2000; // milliseconds
const state = document.getElementById("state");
let last = 0; // when the demonstration answered last

function showState(text, kind) {
  state.className = `state ${kind}`;
  if (state.textContent !== text) state.textContent = text;
}

function tile(name, value, more) {
  return el("div", {}, el("dt", {}, name), el("dd", {}, value, el("span", { className: "quiet" }, more)));
}

function tiles(view) {
  const failing = view.traffic.incidents.filter((incident) => !incident.over);
  const { totals, usage } = view;
  const { minute_requests: requests, minute_errors: errors } = totals;
  return [
    tile("APIs", totals.apis || "–", `${totals.stages} stages, ${totals.entities} resources`),
    tile("Requests a minute", requests ? count(requests) : "–", view.minute ? `at ${clock(view.minute, false)}` : "awaited"),
    tile(
      "Errors",
      requests ? percent((100 * errors) / requests) : "–",
      failing.length ? `${failing[0].api} is failing` : requests ? "no stage is failing" : "awaited",
    ),
    tile(
      "OpenTelemetry out",
      count(totals.points + totals.requests + totals.lines + totals.spans),
      `${count(totals.points)} points, ${count(totals.requests + totals.lines)} log records, ${count(totals.spans)} spans`,
    ),
    tile("AWS calls", usage ? count(usage.calls) : "–", usage ? `${count(usage.minute)} in the last minute` : "awaited"),
    tile(
      "Cost a month",
      usage?.month ? dollars(usage.month.usd_per_month_low, usage.month.usd_per_month_high) : "–",
      usage ? `${dollars(usage.low, usage.high)} so far` : "awaited",
    ),
  ];
}

function show(view) {
  redraw(document.getElementById("tiles"), [view.totals, view.stages, view.usage, view.minute], () => tiles(view));
  showCharts(view);
  showUsage(view);
  showFailures(view);
  showChanges(view);
  showEstate(view);
}

async function poll() {
  try {
    const answer = await fetch("data", { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.statusText);
    const view = await answer.json();
    last = view.now;
    showState(view.stages.length ? `Live, ${clock(view.now)}` : `Starting, ${span(view.now - view.began)}`, "live");
    show(view);
  } catch (error) {
    if (!(error instanceof TypeError) || last === 0) console.error(error);
    showState(last ? `Ended, ${clock(last)}: make run starts it again` : "Nothing answers: is make run still running?", "ended");
  }
  setTimeout(poll, every);
}

poll();
