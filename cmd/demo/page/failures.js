// The newest requests that failed: the line of the access log, and the spans of the trace.
import { awaited, clock, el, millis, plural, redraw } from "./dom.js";

let picked = null; // by a person; it stays until another is
let shown = null;

const rich = 4; // spans from which on a trace is worth to be shown first

const key = (failure) => `${failure.trace_id} ${failure.at}`;
const kind = (status) => (status >= 500 ? "server" : "client");

function pick(failure, view) {
  picked = failure;
  showFailures(view);
}

function button(failure, view) {
  const place = `${failure.account} ${failure.region}`;
  const node = el(
    "button",
    { type: "button", data: { key: key(failure) }, title: place },
    el("span", { className: `status ${kind(failure.status)}` }, String(failure.status)),
    el("span", { className: "what" }, failure.what, el("span", { className: "quiet" }, `${failure.api}/${failure.stage}`)),
    el("span", { className: "quiet number" }, clock(failure.at), el("br"), plural(failure.spans.length + failure.left, "span")),
  );
  node.setAttribute("aria-pressed", String(key(failure) === key(shown)));
  node.addEventListener("click", () => pick(failure, view));
  return el("li", {}, node);
}

/** A span; its service is said where it is not that of the span before. */
function row(span, before, whole) {
  const service =
    span.service === before?.service || span.service === span.name ? null : el("span", { className: "quiet" }, ` ${span.service}`);
  const name = el("th", { scope: "row", title: `${span.name}, ${span.service}` }, span.name, service);
  name.style.paddingLeft = `${Math.min(span.depth, 12) * 0.8}rem`;
  const bar = el("span", { className: span.failed ? "bar failed" : "bar" });
  bar.style.marginLeft = `${Math.min(99, Math.max(0, (100 * span.start) / whole))}%`;
  bar.style.width = `${Math.min(100, (100 * span.duration) / whole)}%`;
  return el(
    "tr",
    {},
    name,
    el("td", { className: "track" }, bar),
    el("td", { className: "number" }, millis(span.duration)),
    el("td", { className: span.failed ? "number bad" : "number quiet" }, span.outcome),
  );
}

function detail(failure) {
  const whole = Math.max(failure.duration, 0.001);
  const joined =
    failure.by === "trace id"
      ? "The line has the trace's id."
      : "The line's format has no trace id: its request id, which API Gateway's span has too, joins them.";
  return [
    el(
      "h3",
      {},
      `${failure.what} `,
      el("span", { className: `status ${kind(failure.status)}` }, String(failure.status)),
      el("span", { className: "quiet" }, ` ${failure.api}/${failure.stage}, ${failure.account} ${failure.region}, ${clock(failure.at)}`),
    ),
    el("pre", { tabIndex: 0, "aria-label": "Line of the access log" }, failure.line),
    el(
      "p",
      { className: "note" },
      joined,
      el("br"),
      "Trace ",
      el("code", {}, failure.trace_id),
      failure.request_id ? ", request " : "",
      failure.request_id ? el("code", {}, failure.request_id) : null,
    ),
    el(
      "table",
      { className: "waterfall" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("th", { scope: "col" }, "Span"),
          el("th", { scope: "col" }, `0 to ${millis(failure.duration)}`),
          el("th", { scope: "col", className: "number" }, "Took"),
          el("th", { scope: "col", className: "number" }, "Status"),
        ),
      ),
      el("tbody", {}, ...failure.spans.map((span, i) => row(span, failure.spans[i - 1], whole))),
    ),
    failure.left ? el("p", { className: "note" }, `${failure.left} more spans are not shown.`) : null,
  ].filter((node) => node !== null);
}

/** The newest that has much to show; it stays while it is among the newest, for people read it. */
function choose(failures) {
  const worth = (failure) => failure.spans.length >= rich;
  const newest =
    failures.find((failure) => failure.status >= 500 && worth(failure)) ??
    failures.find(worth) ??
    failures.find((failure) => failure.status >= 500) ??
    failures[0];
  const still = shown && failures.find((failure) => key(failure) === key(shown));
  return still && (worth(still) || !worth(newest)) ? still : newest;
}

export function showFailures(view) {
  const { failures } = view;
  const list = document.getElementById("failures");
  const trace = document.getElementById("trace");
  if (!failures.length) {
    const failed = view.totals.failed;
    const so = failed
      ? `${plural(failed, "request")} failed so far. X-Ray's traces of some of them are awaited.`
      : "Access logs and traces are awaited.";
    redraw(list, view.now, () => [el("li", {}, awaited(view, so, 60))]);
    redraw(trace, "", () => []);
    return;
  }
  shown = picked ?? choose(failures);
  redraw(list, [failures.map(key), key(shown)], () => failures.map((failure) => button(failure, view)));
  redraw(trace, shown, () => detail(shown));
}
