// Traffic over time, drawn by uPlot: requests, errors and latency, a line for each of the busiest APIs. Incidents, deployments and alarms
// are marked.
/* global uPlot */
import { awaited, clock, count, el, millis, percent, redraw, span } from "./dom.js";

const kinds = { deployment: "deployment", canary: "canary", throttle: "throttle", alarm: "alarm" };
const charts = [
  { of: "requests", title: "Requests a minute", height: 170, show: count },
  { of: "errors", title: "Errors, % of the requests", height: 140, show: percent },
  { of: "p90", title: "Latency, p90", height: 160, show: millis },
];
const hidden = new Set(); // names of lines that a person switched off
const slots = new Map(); // colors by name, so that a line keeps its own
let drawn = []; // charts, with their uPlot
let view = null;

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const place = (line) => `${line.account} ${line.region}`;

/** What a line is called: with its place where another API has the name too. */
function title(line, lines) {
  if (line.api === "") return line.apis === 1 ? "1 other API" : `${line.apis} others`;
  return lines.filter((other) => other.api === line.api).length > 1 ? `${line.api} (${place(line)})` : line.api;
}

function slot(line) {
  if (line.api === "") return "other";
  const name = `${place(line)} ${line.api}`;
  if (!slots.has(name)) {
    const taken = new Set(view.traffic.lines.map((other) => slots.get(`${place(other)} ${other.api}`)));
    slots.set(name, [1, 2, 3, 4, 5, 6].find((n) => !taken.has(n)) ?? 1);
  }
  return `line${slots.get(name)}`;
}

/** Bands of incidents below the lines, and marks of changes above them. */
function marks(u) {
  const { ctx, bbox } = u;
  const at = (ms) => u.valToPos(ms / 1000, "x", true);
  const inside = (x) => Math.min(bbox.left + bbox.width, Math.max(bbox.left, x));
  ctx.save();
  ctx.fillStyle = color("incident");
  for (const incident of view.traffic.incidents) {
    const [from, until] = [inside(at(incident.from - 30000)), inside(at(incident.until - 30000))];
    ctx.fillRect(from, bbox.top, Math.max(until - from, 2), bbox.height);
  }
  ctx.strokeStyle = color("mark");
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const change of view.changes) {
    if (!(change.kind in kinds)) continue;
    const x = Math.round(at(change.at));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/** A small diamond at the top of each mark, in the first chart. */
function diamonds(u) {
  const { ctx, bbox } = u;
  const r = 4 * devicePixelRatio;
  ctx.save();
  for (const change of view.changes) {
    if (!(change.kind in kinds)) continue;
    const x = Math.round(u.valToPos(change.at / 1000, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.fillStyle = color(change.kind === "alarm" ? "bad" : "mark");
    ctx.beginPath();
    ctx.moveTo(x, bbox.top - r);
    ctx.lineTo(x + r, bbox.top);
    ctx.lineTo(x, bbox.top + r);
    ctx.lineTo(x - r, bbox.top);
    ctx.fill();
  }
  ctx.restore();
}

/** The values under the pointer. */
function tooltip(chart) {
  const box = el("div", { className: "tooltip", hidden: true });
  return {
    hooks: {
      init: (u) => u.over.append(box),
      setCursor: (u) => {
        const { idx, left, top } = u.cursor;
        box.hidden = idx === null || idx === undefined || left < 0 || top < 0 || !u.over.matches(":hover");
        if (box.hidden) return;
        const rows = view.traffic.lines
          .map((line, i) => ({ line, value: u.data[i + 1]?.[idx], shown: u.series[i + 1]?.show }))
          .filter((row) => row.shown && row.value !== null && row.value !== undefined)
          .sort((a, b) => b.value - a.value);
        box.replaceChildren(
          el("strong", {}, clock(u.data[0][idx] * 1000, false)),
          ...rows.map((row) => {
            const dot = el("span", { className: "dot" });
            dot.style.background = color(slot(row.line));
            return el("span", {}, dot, `${title(row.line, view.traffic.lines)} `, el("b", {}, chart.show(row.value)));
          }),
        );
        box.style.transform = `translate(${left > u.over.clientWidth / 2 ? left - box.offsetWidth - 12 : left + 12}px, 4px)`;
      },
    },
  };
}

function options(chart, first, width) {
  const axis = { stroke: color("quiet"), font: "11px system-ui, sans-serif", ticks: { show: false } };
  const grid = { stroke: color("grid"), width: 1 };
  return {
    width,
    height: chart.height,
    legend: { show: false },
    padding: [first ? 10 : 6, 12, 0, 0],
    cursor: { sync: { key: "traffic" }, y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { time: true, range: () => [view.traffic.times[0] / 1000, Math.max(view.now, view.traffic.times.at(-1) + 60000) / 1000] },
      y: { range: (_, __, most) => [0, Math.max(most === null ? 1 : most * 1.12, chart.of === "errors" ? 5 : 10)] },
    },
    axes: [
      { ...axis, grid: { show: false }, space: 70, size: 26, gap: 7, values: (_, splits) => splits.map((s) => clock(s * 1000, false)) },
      { ...axis, grid, space: 34, size: 58, gap: 6, values: (_, splits) => splits.map(chart.show) },
    ],
    series: [
      {},
      ...view.traffic.lines.map((line) => ({
        label: title(line, view.traffic.lines),
        stroke: color(slot(line)),
        width: line.api === "" ? 1 : 1.75,
        show: !hidden.has(title(line, view.traffic.lines)),
        dash: line.api === "" ? [4, 3] : undefined,
        points: { show: false },
        spanGaps: false,
      })),
    ],
    hooks: { drawAxes: [marks], draw: first ? [diamonds] : [] },
    plugins: [tooltip(chart)],
  };
}

const table = (of) => [view.traffic.times.map((t) => t / 1000), ...view.traffic.lines.map((line) => line[of])];

function build(parent) {
  for (const chart of drawn) chart.plot.destroy();
  drawn = charts.map((chart, i) => {
    const canvas = el("div", { role: "img" });
    const figure = el("figure", {}, el("figcaption", {}, chart.title), canvas);
    parent.append(figure);
    return { ...chart, canvas, plot: new uPlot(options(chart, i === 0, parent.clientWidth), table(chart.of), canvas) };
  });
}

/** What a chart shows, for those who do not see it. */
function describe(chart) {
  const now = view.traffic.lines
    .map((line) => [title(line, view.traffic.lines), line[chart.of].findLast((value) => value !== null)])
    .filter(([, value]) => value !== undefined);
  chart.canvas.setAttribute(
    "aria-label",
    `${chart.title}; newest: ${now.map(([name, value]) => `${name} ${chart.show(value)}`).join(", ")}`,
  );
}

function toggle(name) {
  if (!hidden.delete(name)) hidden.add(name);
  for (const chart of drawn) {
    view.traffic.lines.forEach((line, i) => {
      if (title(line, view.traffic.lines) === name) chart.plot.setSeries(i + 1, { show: !hidden.has(name) });
    });
  }
  legend();
}

function legend() {
  const lines = view.traffic.lines.map((line) => ({
    name: title(line, view.traffic.lines),
    slot: slot(line),
    where: line.api === "" ? "" : place(line),
  }));
  redraw(document.getElementById("legend"), [lines, [...hidden]], () =>
    lines.map(({ name, slot: of, where }) => {
      const dot = el("span", { className: `dot ${of}` });
      const button = el("button", { type: "button", data: { key: name }, title: where }, dot, name);
      button.setAttribute("aria-pressed", String(!hidden.has(name)));
      button.addEventListener("click", () => toggle(name));
      return button;
    }),
  );
}

function incidentText(incident) {
  const stage = `${incident.api}/${incident.stage} (${incident.account} ${incident.region})`;
  const when = `${clock(incident.from, false)} to ${clock(incident.until, false)}`;
  const what = incident.over ? "Incident" : "An incident goes on";
  return `${what}: ${stage} answered up to ${percent(incident.percent)} of its requests with server errors, ${when}.`;
}

function note() {
  const { incidents } = view.traffic;
  const texts = incidents.slice(0, 3).map((incident) => el("span", { className: "incident" }, incidentText(incident)));
  if (!incidents.length) {
    const about = clock(view.began + 7 * 60000, false);
    const soon = "No incident yet. In this demonstration orders/prod begins to fail three minutes after the start: the errors below";
    texts.push(el("span", {}, `${soon} show it within a minute, CloudWatch's metrics, which are some minutes behind, at about ${about}.`));
  }
  const marked = view.changes.filter((change) => change.kind in kinds && change.at >= view.traffic.times[0]);
  if (marked.length) {
    const first = marked.slice(0, 4).map((change) => `${clock(change.at, false)} ${change.text.split(":")[0]}`);
    const more = marked.length > 4 ? ` and ${marked.length - 4} more` : "";
    texts.push(el("span", {}, `◆ Marked: ${first.join(", ")}${more}`));
  }
  return texts;
}

export function showCharts(next) {
  view = next;
  const parent = document.getElementById("charts");
  const info = document.getElementById("traffic-note");
  if (!view.traffic.times.length) {
    redraw(parent, view.now, () => [awaited(view, "The first metrics are awaited.", 20)]);
    return;
  }
  const names = view.traffic.lines.map((line) => [title(line, view.traffic.lines), slot(line)]);
  redraw(parent, names, () => {
    parent.replaceChildren();
    build(parent);
    return [...parent.children];
  });
  for (const chart of drawn) {
    chart.plot.setData(table(chart.of));
    describe(chart);
  }
  legend();
  redraw(info, [view.traffic.incidents, view.changes.filter((change) => change.kind), span(view.now - view.began)], note);
}

function resize() {
  const width = document.getElementById("charts").clientWidth;
  for (const chart of drawn) chart.plot.setSize({ width, height: chart.height });
}

new ResizeObserver(resize).observe(document.getElementById("charts"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  if (!drawn.length) return;
  const parent = document.getElementById("charts");
  parent.replaceChildren();
  build(parent);
});
