// The stages by account and region, and what changed in them.
import { awaited, clock, count, el, millis, percent, plural, redraw, span } from "./dom.js";

const bad = 5; // percent of errors from which on a stage stands out
const svg = "http://www.w3.org/2000/svg";

function trend(values) {
  const node = document.createElementNS(svg, "svg");
  node.setAttribute("viewBox", "0 0 80 20");
  node.setAttribute("class", "trend");
  node.setAttribute("aria-hidden", "true");
  const most = Math.max(1, ...values);
  const line = document.createElementNS(svg, "polyline");
  line.setAttribute(
    "points",
    values.map((v, i) => `${(80 * i) / Math.max(1, values.length - 1)},${(19 - (17 * v) / most).toFixed(1)}`).join(" "),
  );
  node.append(line);
  return node;
}

function badges(stage) {
  const out = stage.alarms.map((name) => el("span", { className: "badge bad" }, `alarm ${name}`));
  if (stage.gone) out.push(el("span", { className: "badge" }, "deleted"));
  if (stage.together > 1)
    out.push(
      el(
        "span",
        { className: "badge", title: "APIs of the same name and stage are one series in CloudWatch: the numbers are of all of them" },
        `counted together, ${stage.together} APIs of this name`,
      ),
    );
  for (const what of stage.dark) out.push(el("span", { className: "badge dark" }, what));
  return out;
}

function row(stage, view) {
  const share = stage.requests ? (100 * stage.errors) / stage.requests : null;
  const deployed = stage.deployed
    ? `${stage.deployment ? `${stage.deployment}, ` : ""}${span(view.now - stage.deployed)} ago`
    : stage.deployment;
  const id = stage.together > 1 ? ` (${stage.id})` : "";
  return el(
    "tr",
    { className: stage.gone ? "gone" : "" },
    el("th", { scope: "row" }, stage.api, el("span", { className: "quiet" }, `${id}/${stage.name}`)),
    el("td", { className: "type" }, stage.type),
    el("td", { className: "wide" }, stage.trend.some((n) => n > 0) ? trend(stage.trend) : ""),
    el("td", { className: "number" }, stage.requests ? count(stage.requests) : "–"),
    el("td", { className: share !== null && share >= bad ? "number bad" : "number" }, share === null ? "–" : percent(share)),
    el("td", { className: "number" }, stage.p90 ? millis(stage.p90) : "–"),
    el("td", { className: "wide" }, deployed || "–"),
    el("td", {}, el("span", { className: "badges" }, ...badges(stage))),
  );
}

const columns = [
  ["API and stage", ""],
  ["Type", "type"],
  ["Last 20 min", "wide"],
  ["Req/min", "number"],
  ["Errors", "number"],
  ["p90", "number"],
  ["Deployment", "wide"],
  ["Noteworthy", ""],
];

function table(view) {
  const groups = new Map();
  for (const stage of view.stages) {
    const place = `${stage.account} ${stage.region}`;
    if (!groups.has(place)) groups.set(place, []);
    groups.get(place).push(stage);
  }
  const bodies = [...groups].map(([place, stages]) => {
    return el(
      "tbody",
      {},
      el(
        "tr",
        { className: "place" },
        el(
          "th",
          { scope: "rowgroup", colSpan: columns.length },
          place,
          el("span", { className: "quiet" }, ` ${plural(stages.filter((stage) => !stage.gone).length, "stage")}`),
        ),
      ),
      ...stages.map((stage) => row(stage, view)),
    );
  });
  return el(
    "table",
    {},
    el("thead", {}, el("tr", {}, ...columns.map(([name, className]) => el("th", { scope: "col", className }, name)))),
    ...bodies,
  );
}

export function showEstate(view) {
  const estate = document.getElementById("estate");
  if (!view.stages.length) {
    redraw(estate, view.now, () => [awaited(view, "The first metrics and the inventory are awaited.", 30)]);
    return;
  }
  const when = document.getElementById("estate-when");
  const text = view.minute ? `the minute from ${clock(view.minute, false)}, the newest that CloudWatch has` : "";
  if (when.textContent !== text) when.textContent = text;
  redraw(estate, [view.stages, Math.floor(view.now / 60000)], () => [table(view)]);
}

export function showChanges(view) {
  const changes = document.getElementById("changes");
  if (!view.changes.length) {
    redraw(changes, view.ready ? 0 : view.now, () => [
      view.ready
        ? el(
            "li",
            {},
            el("p", { className: "empty" }, "Nothing changed yet. The first minutes bring deployments, a canary, new and deleted APIs."),
          )
        : el("li", {}, awaited(view, "The inventory is awaited.", 30)),
    ]);
    return;
  }
  redraw(changes, view.changes, () =>
    view.changes
      .slice(0, 30)
      .map((change) =>
        el(
          "li",
          { className: change.kind },
          el("time", { className: "quiet number" }, clock(change.at)),
          el("span", {}, change.text, el("span", { className: "quiet" }, ` ${change.where}`)),
        ),
      ),
  );
}
