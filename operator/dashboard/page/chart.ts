/** A resource's runs as bars in the order of time: how long each took, and how long it waited for locks. */
import uPlot from "uplot";
import { formatDuration } from "../../../contract/duration.ts";
import type { StatusRun } from "../../../contract/resource/status.ts";
import { el, setText } from "./dom.ts";
import { THEME_EVENT } from "./theme-switch.ts";
import { at, took, tookMs } from "./words.ts";

export type Chart = { element: HTMLElement; show(runs: readonly StatusRun[]): void };

const HEIGHT = 150;
/** What the values of a bar's fill are; of the enum there are only types. */
const COLOUR: unknown = 3;
const COLOURS: Record<StatusRun["status"], string> = {
  ...{ RUNNING: "--running", SUCCESS: "--ok", LOCK_TIMEOUT: "--blocked", FAILED: "--failing", SKIPPED: "--unknown" },
};

export function chart(): Chart {
  const said = el("p", { class: "said" });
  const panels = [
    panel("How long runs took", (run) => tookMs(run)),
    panel("How long they waited for locks", (run) => run.lockWaitMs ?? 0),
  ];
  const element = el("div", { class: "charts" }, ...panels.map(({ figure }) => figure), said);
  let shown: readonly StatusRun[] = [];

  const point = (index: number | null | undefined): void => {
    const run = shown[index ?? shown.length - 1] ?? shown.at(-1);
    setText(said, run === undefined ? "" : sentence(run));
  };
  const draw = (): void => {
    for (const each of panels) each.draw(shown, point);
    point(null);
  };
  document.addEventListener(THEME_EVENT, draw);
  new ResizeObserver(() => {
    for (const each of panels) each.fit();
  }).observe(element);
  return {
    element,
    show(runs) {
      const next = runs.toReversed();
      if (JSON.stringify(next) === JSON.stringify(shown)) return;
      shown = next;
      draw();
    },
  };
}

const sentence = (run: StatusRun): string => {
  const parts = [run.status, at(run.startedAt), run.finishedAt === undefined ? "goes on" : `took ${took(run)}`];
  const waited = run.lockWaitMs ?? 0;
  return [...parts, waited > 0 ? `waited ${formatDuration(waited)} for locks` : ""]
    .filter((part) => part !== "")
    .join(" · ");
};

function panel(title: string, valueOf: (run: StatusRun) => number | null) {
  const place = el("div", { role: "img", class: "plot" });
  const figure = el("figure", {}, el("figcaption", {}, title), place);
  let plot: uPlot | null = null;
  const width = (): number => Math.max(200, place.clientWidth);
  return {
    figure,
    fit: () => plot?.setSize({ width: width(), height: HEIGHT }),
    draw(runs: readonly StatusRun[], point: (index: number | null | undefined) => void) {
      plot?.destroy();
      const values = runs.map(valueOf);
      const highest = Math.max(0, ...values.map((value) => value ?? 0));
      place.setAttribute(
        "aria-label",
        `${title}: ${runs.length} runs, at most ${formatDuration(highest)}. The table below has each.`,
      );
      plot = new uPlot(
        options(runs, { width: width(), highest, point }),
        [runs.map((_, index) => index), values],
        place,
      );
    },
  };
}

type Drawing = { width: number; highest: number; point: (index: number | null | undefined) => void };

function options(runs: readonly StatusRun[], { width, highest, point }: Drawing): uPlot.Options {
  const fills = runs.map(({ status }) => colour(COLOURS[status]));
  const ink = colour("--quiet");
  const axis = { stroke: ink, font: "11px system-ui, sans-serif", ticks: { show: false } };
  const bars = uPlot.paths.bars?.({
    size: [0.7, 28],
    align: 0,
    // Without the stroke uPlot leaves the fill out too.
    disp: {
      fill: { unit: COLOUR as uPlot.Series.BarsPathBuilderFacetUnit, values: () => fills },
      stroke: { unit: COLOUR as uPlot.Series.BarsPathBuilderFacetUnit, values: () => fills },
    },
  });
  return {
    ...{ width, height: HEIGHT },
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: "runs" }, y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: {
      x: { time: false, range: () => [-0.6, Math.max(9, runs.length) - 0.4] },
      y: { range: () => [0, Math.max(100, highest * 1.1)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        splits: () =>
          runs
            .map((_, index) => index)
            .filter((index) => index % Math.ceil(runs.length / Math.max(2, width / 90)) === 0),
        values: (_, splits) => splits.map((index) => label(runs[index])),
      },
      {
        ...axis,
        size: 56,
        grid: { stroke: colour("--line"), width: 1 },
        values: (_, splits) => splits.map((value) => (value === 0 ? "0" : formatDuration(value))),
      },
    ],
    series: [
      {},
      { ...(bars === undefined ? {} : { paths: bars }), points: { show: false }, stroke: "transparent", fill: ink },
    ],
    hooks: { setCursor: [(plot) => point(plot.cursor.idx)] },
  };
}

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** The time of day for what is recent, and the day for the rest. */
function label(run: StatusRun | undefined): string {
  const date = new Date(run?.startedAt ?? "");
  if (Number.isNaN(date.getTime())) return "";
  return Date.now() - date.getTime() < 86_400_000 ? TIME.format(date) : DAY.format(date);
}

/** A variable of the style sheet as a canvas needs it: resolved for the theme of the moment. */
function colour(variable: string): string {
  const probe = el("span");
  probe.style.color = `var(${variable})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
