import { bytes, clock, count, hourAndMinute, milliseconds, percent, rate } from './format.js';
import { say } from './texts.js';
import uPlot from './uplot.js';

const HEIGHT = { normal: 190, narrow: 150 };
const NARROW_PX = 520;
const AXIS_FONT = '11px system-ui, sans-serif';

/** Each chart: title, format of its values, minimal height of its scale, and its lines (column, name, colour). */
const CHARTS = [
  {
    title: 'chartMessages',
    format: rate,
    minimum: 10,
    wide: true,
    lines: [
      ['inPerSecond', 'seriesIn', '--series-1'],
      ['outPerSecond', 'seriesOut', '--series-2'],
      ['droppedPerSecond', 'seriesDropped', '--series-bad'],
    ],
  },
  {
    title: 'chartLatency',
    format: milliseconds,
    minimum: 0.1,
    wide: true,
    lines: [
      ['latencyP50Ms', 'p50', '--series-1'],
      ['latencyP95Ms', 'p95', '--series-2'],
      ['latencyP99Ms', 'p99', '--series-3'],
    ],
  },
  {
    title: 'chartConnections',
    format: count,
    minimum: 5,
    lines: [
      ['connections', 'seriesConnections', '--series-1'],
      ['clients', 'seriesClients', '--series-2'],
    ],
  },
  { title: 'chartQueue', format: bytes, minimum: 4096, base: 2, lines: [['queueBytes', 'seriesQueue', '--series-1']] },
  { title: 'chartLoop', format: milliseconds, minimum: 5, lines: [['eventLoopMaxMs', 'seriesLoop', '--series-1']] },
  {
    title: 'chartMemory',
    format: bytes,
    minimum: 2 ** 26,
    base: 2,
    wide: true,
    lines: [['rssBytes', 'seriesMemory', '--series-1']],
  },
  { title: 'chartCpu', format: percent, minimum: 10, wide: true, lines: [['cpuPercent', 'cpu', '--series-1']] },
];

/** The columns of a series that the charts draw. */
export const CHART_COLUMNS = CHARTS.flatMap(({ lines }) => lines.map(([column]) => column));

/** Percentiles have the same name in every language. */
const nameOf = (key) => (/^p\d\d$/.test(key) ? key : say(key));

/** The charts of the page. They follow the browser's theme and the width of their cards. */
export class Charts {
  constructor(container, series) {
    this.series = series;
    this.cards = CHARTS.map((chart) => new ChartCard(chart, container));
    const redraw = () => this.build();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
    document.addEventListener('visibilitychange', () => this.draw());
    this.build();
  }

  build() {
    for (const card of this.cards) card.build(this.series);
  }

  /** Draws the newest samples; a hidden page draws nothing. */
  draw() {
    if (document.hidden) return;
    for (const card of this.cards) card.draw(this.series);
  }
}

class ChartCard {
  constructor(chart, container) {
    this.chart = chart;
    this.plot = null;
    const card = container.appendChild(document.createElement('figure'));
    card.className = chart.wide ? 'chart wide' : 'chart';
    const head = card.appendChild(document.createElement('figcaption'));
    head.appendChild(document.createElement('h3')).textContent = say(chart.title);
    this.legend = new Legend(chart, head);
    this.box = card.appendChild(document.createElement('div'));
    this.box.className = 'plot';
    this.box.setAttribute('role', 'img');
    new ResizeObserver(() => this.resize()).observe(this.box);
  }

  /** Creates the plot with the colours of the theme. */
  build(series) {
    this.plot?.destroy();
    const colours = getComputedStyle(document.documentElement);
    this.plot = new uPlot(this.options(colours, series), this.dataOf(series), this.box);
    this.draw(series);
  }

  draw(series) {
    this.plot.setData(this.dataOf(series));
    if (this.plot.cursor.idx == null) this.legend.showNewest(series);
    this.box.setAttribute('aria-label', `${say(this.chart.title)}: ${this.legend.text}`);
  }

  resize() {
    if (this.plot !== null) this.plot.setSize(this.size());
  }

  size() {
    const width = Math.max(this.box.clientWidth, 200);
    return { width, height: width < NARROW_PX && innerWidth < NARROW_PX ? HEIGHT.narrow : HEIGHT.normal };
  }

  dataOf({ columns }) {
    return [columns.at, ...this.chart.lines.map(([column]) => columns[column])];
  }

  options(colours, series) {
    const { chart } = this;
    const colour = (name) => colours.getPropertyValue(name).trim();
    const axis = {
      stroke: colour('--muted'),
      font: AXIS_FONT,
      ticks: { show: false },
      grid: { stroke: colour('--line'), width: 1 },
    };
    return {
      ...this.size(),
      // half of the longest time label, which may be at the very end of the axis
      padding: [8, 28, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: 'time' }, y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: {
        x: { time: true, range: (_plot, _min, max) => [max - series.windowSeconds, max] },
        y: { range: (_plot, _min, max) => [0, Math.max(chart.minimum, (max ?? 0) * 1.1)] },
      },
      axes: [
        { ...axis, size: 22, space: 74, values: (_plot, times, _axis, _space, step) => times.map(timeLabel(step)) },
        {
          ...axis,
          size: 62,
          space: 36,
          ...(chart.base === 2 ? { incrs: BINARY_STEPS } : {}),
          values: (_plot, values) => values.map((value) => (value === 0 ? '0' : chart.format(value))),
        },
      ],
      series: [{}, ...chart.lines.map(([, , name], i) => lineStyle(colour(name), i === 0 && chart.lines.length === 1))],
      hooks: { setCursor: [(plot) => this.legend.follow(plot)] },
    };
  }
}

/** Minutes, or seconds where the labels are closer than that. */
const timeLabel = (step) => (time) => (step < 60 ? clock : hourAndMinute)(time * 1000);

/** Steps of an axis of bytes: powers of two, so that its labels are round. */
const BINARY_STEPS = Array.from({ length: 44 }, (_, i) => 2 ** i);

function lineStyle(stroke, isFilled) {
  return {
    stroke,
    width: 1.75,
    points: { show: false },
    spanGaps: false,
    ...(isFilled ? { fill: `${stroke}1f` } : {}),
  };
}

/** The names of the lines with the newest values, or with those under the pointer. */
class Legend {
  constructor(chart, head) {
    this.chart = chart;
    this.list = head.appendChild(document.createElement('p'));
    this.list.className = 'legend';
    this.time = document.createElement('time');
    this.values = chart.lines.map(([, name, colour]) => this.entry(nameOf(name), colour));
    this.list.append(this.time);
  }

  entry(name, colour) {
    const entry = this.list.appendChild(document.createElement('span'));
    const key = entry.appendChild(document.createElement('i'));
    key.style.setProperty('--colour', `var(${colour})`);
    entry.append(name, ' ');
    return entry.appendChild(document.createElement('b'));
  }

  get text() {
    return this.chart.lines.map(([, name], i) => `${nameOf(name)} ${this.values[i].textContent}`).join(', ');
  }

  showNewest({ columns }) {
    this.write(columns.at.length - 1, (line) => columns[line[0]]);
    this.time.textContent = '';
  }

  follow(plot) {
    const { idx } = plot.cursor;
    const at = idx ?? plot.data[0].length - 1;
    this.write(at, (_line, i) => plot.data[i + 1]);
    this.time.textContent = idx == null ? '' : clock(plot.data[0][idx] * 1000);
  }

  write(index, columnOf) {
    for (const [i, line] of this.chart.lines.entries()) {
      const value = columnOf(line, i)[index];
      this.values[i].textContent = value == null ? '–' : this.chart.format(value);
    }
  }
}
