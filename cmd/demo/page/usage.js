// The AWS calls by operation, and what they cost by the receiver's own estimate.
import { awaited, count, el, redraw } from "./dom.js";

const shown = 16; // operations with a bar of their own

const dollar = (usd) => `$${usd >= 10 ? usd.toFixed(0) : usd >= 1 ? usd.toFixed(2) : usd.toFixed(4)}`;

/** An amount by both readings of CloudWatch's price. */
export function dollars(low, high) {
  return dollar(low) === dollar(high) ? dollar(high) : `${dollar(low)} – ${dollar(high)}`;
}

const range = (low, high) => (low === high ? count(high) : `${count(low)} – ${count(high)}`);

function entry(name, value, more) {
  return [el("dt", {}, name), el("dd", {}, value, more ? el("span", { className: "quiet" }, ` ${more}`) : null)];
}

function costs(usage) {
  return [
    ...entry("So far", dollars(usage.low, usage.high)),
    ...entry("A month", usage.month ? dollars(usage.month.usd_per_month_low, usage.month.usd_per_month_high) : "awaited"),
    ...entry("Metrics billed", range(usage.billed_low, usage.billed_high)),
    ...entry("Traces scanned", count(usage.scanned), `${count(usage.retrieved)} retrieved`),
    ...entry("Calls that failed", count(usage.failed), usage.throttled ? `${count(usage.throttled)} throttled` : ""),
  ];
}

function bars(usage) {
  const first = usage.operations.slice(0, shown);
  const others = usage.operations.slice(shown);
  const rows = first.map((o) => ({ ...o, label: o.name }));
  if (others.length) {
    const sum = (of) => others.reduce((n, o) => n + o[of], 0);
    rows.push({ label: `${others.length} others`, calls: sum("calls"), minute: sum("minute"), other: true });
  }
  const most = Math.max(1, ...rows.map((row) => row.calls));
  return rows.map((row) => {
    const bar = el("span", { className: row.other ? "bar other" : "bar" });
    bar.style.width = `${(100 * row.calls) / most}%`;
    return el(
      "tr",
      {},
      el("th", { scope: "row", title: row.label }, row.label),
      el("td", { className: "track" }, bar),
      el("td", { className: "number" }, count(row.calls)),
      el("td", { className: "number quiet" }, row.minute ? `+${count(row.minute)}` : ""),
    );
  });
}

export function showUsage(view) {
  const { usage } = view;
  const calls = document.getElementById("calls");
  if (!usage) {
    redraw(calls, view.now, () => [awaited(view, "The collector's internal metrics are awaited.", 10)]);
    return;
  }
  redraw(document.getElementById("cost"), usage, () => costs(usage));
  redraw(calls, usage, () => [
    el(
      "p",
      { className: "note" },
      "By the receiver's own estimate, at us-east-1's prices; low and high are two readings of CloudWatch's price list. " +
        "The demonstration reads each minute: each five, the default, is a fifth of CloudWatch's metrics.",
    ),
    el(
      "table",
      { className: "calls" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("th", { scope: "col" }, "Operation"),
          el("th", { scope: "col" }, el("span", { className: "unseen" }, "Share")),
          el("th", { scope: "col", className: "number" }, "Calls"),
          el("th", { scope: "col", className: "number" }, "Last minute"),
        ),
      ),
      el("tbody", {}, ...bars(usage)),
    ),
  ]);
}
