import type { TopLevelSpec } from 'vega-lite';
import { timeNumber, timeText } from '../phrases.ts';
import { severityRank } from '../story.ts';
import { visible } from '../visible.ts';
import type { FamilyTimeline, TimelineMark } from './timeline-answers.ts';

export const CHART = { left: 178, right: 36, top: 22, bottom: 24, width: 860, lane: 17 } as const;

const FONT = 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace';
const LAYERS = ['core', 'hw', 'drv'];
const LAYER_NAMES: Readonly<Record<string, string>> = { core: 'PCI core', hw: 'register', drv: 'driver' };

/** Colours are variables of the page, so that a chart follows light and dark. */
const COLOURS = {
  text: 'var(--text, #1c2024)',
  faint: 'var(--text-dim, #5f666d)',
  line: 'var(--line, #d8dce0)',
  ground: 'var(--ground, #ffffff)',
  on: 'var(--state-on, #2f7d5b)',
  off: 'var(--state-off, #8b939b)',
  unknown: 'var(--state-unknown, #8b939b)',
  mixed: 'var(--state-mixed, #7a5ea8)',
  stu: 'var(--state-stu, #4a6fa5)',
  error: 'var(--error, #c2273a)',
  warning: 'var(--warning, #a86400)',
  note: 'var(--note, #4a6fa5)',
  loss: 'var(--loss, #c2273a)',
};

interface Lane {
  readonly id: string;
  readonly label: string;
}

function functionLabel(kind: string, name: string): string {
  const known = kind === 'pf' || kind === 'vf' ? `${kind.toUpperCase()} ` : '';
  return known + visible(name);
}

/** One lane for each layer of each function that has something to show, with an empty lane between functions. */
export function lanesOf(marks: readonly TimelineMark[]): Lane[] {
  const lanes: Lane[] = [];
  const functions = new Map<string, TimelineMark[]>();
  for (const mark of marks) functions.set(mark.function, [...(functions.get(mark.function) ?? []), mark]);
  for (const [name, own] of functions) {
    if (lanes.length > 0) lanes.push({ id: `${name}|`, label: '' });
    const shown = LAYERS.filter((layer) => own.some((mark) => mark.layer === layer && mark.field === 'en'));
    const stu = own.some((mark) => isStu(mark));
    const labels = [...shown.map((layer) => LAYER_NAMES[layer]), ...(stu ? ['STU'] : [])];
    const ids = [...shown, ...(stu ? ['stu'] : [])];
    ids.forEach((layer, index) => {
      const head = index === 0 ? `${functionLabel(own[0].kind, name)}  ` : '';
      lanes.push({ id: `${name}|${layer}`, label: `${head}${labels[index]}` });
    });
  }
  return lanes;
}

/** The STU in force is kept by the PCI core; 0 means that none was set. */
function isStu(mark: TimelineMark): boolean {
  return mark.field === 'stu' && mark.layer === 'core' && (mark.mixed || (mark.value ?? 0) !== 0);
}

function stateOf(mark: TimelineMark): 'on' | 'off' | 'unknown' | 'mixed' {
  if (mark.mixed) return 'mixed';
  if (mark.value === null) return 'unknown';
  return mark.value === 0 ? 'off' : 'on';
}

function span(mark: TimelineMark, ticks: boolean): string {
  return `${timeNumber(mark.from_ns, ticks)} .. ${timeText(mark.to_ns, ticks)}`;
}

function stateTitle(mark: TimelineMark, ticks: boolean): string {
  const state = { on: 'ATS on', off: 'ATS off', unknown: 'ATS unknown', mixed: `${mark.intervals} changes` }[
    stateOf(mark)
  ];
  return `${visible(mark.function)} ${LAYER_NAMES[mark.layer] ?? mark.layer}: ${state}, ${span(mark, ticks)}`;
}

/** A mark of no width at all could not be seen. */
function widened(mark: TimelineMark): { x: number; x2: number } {
  return { x: mark.from_x, x2: Math.max(mark.to_x, mark.from_x + 1.5 / CHART.width) };
}

function durationText(ns: bigint, ticks: boolean): string {
  if (ticks) return `${ns} ticks`;
  const us = Number(ns) / 1000;
  if (us < 1000) return `${us.toPrecision(3)} us`;
  if (us < 1e6) return `${(us / 1000).toPrecision(3)} ms`;
  return `${us < 1e7 ? (us / 1e6).toFixed(2) : Math.round(us / 1e6).toLocaleString('en-US')} s`;
}

/** The lanes as an axis, each with its label. */
function laneAxis(lanes: readonly Lane[]) {
  const labels = JSON.stringify(Object.fromEntries(lanes.map((lane) => [lane.id, lane.label])));
  return {
    field: 'lane',
    type: 'nominal' as const,
    scale: { domain: lanes.map((lane) => lane.id), paddingInner: 0, paddingOuter: 0 },
    axis: {
      title: '',
      domain: false,
      ticks: false,
      labelExpr: `(${labels})[datum.value]`,
      labelColor: COLOURS.text,
      labelFont: FONT,
      labelFontSize: 11,
      labelLimit: 0,
      labelOverlap: false,
      labelPadding: 6,
    },
  };
}

function ticksApart(timeline: FamilyTimeline): { x: number; label: string }[] {
  const kept: { x: number; label: string }[] = [];
  for (const tick of timeline.ticks) {
    const last = kept.at(-1);
    if (last && tick.x - last.x < 0.1) continue;
    kept.push({ x: tick.x, label: timeNumber(tick.time_ns, timeline.countsTicks) });
  }
  return kept;
}

/** The timeline of one PF family as a vega-lite chart. */
export function timelineSpec(timeline: FamilyTimeline): TopLevelSpec {
  const ticks = timeline.countsTicks;
  const lanes = lanesOf(timeline.marks);
  const height = lanes.length * CHART.lane;
  const byState = (state: string) =>
    timeline.marks
      .filter((mark) => mark.field === 'en' && stateOf(mark) === state)
      .map((mark) => ({
        lane: `${mark.function}|${mark.layer}`,
        ...widened(mark),
        title: stateTitle(mark, ticks),
      }));
  const stu = timeline.marks.filter(isStu).map((mark) => ({
    lane: `${mark.function}|stu`,
    ...widened(mark),
    label: mark.mixed || mark.to_x - mark.from_x < 0.03 ? '' : String(mark.value),
    title: `${visible(mark.function)} page shift ${mark.mixed ? 'changes' : mark.value}, ${span(mark, ticks)}`,
  }));
  const present = new Set(lanes.map((lane) => lane.id));
  // The gravest are drawn last, on top.
  const findings = [...timeline.findings]
    .sort((a, b) => severityRank(b.severity) - severityRank(a.severity))
    .map((finding) => ({
      lane: LAYERS.map((layer) => `${finding.function}|${layer}`).find((id) => present.has(id)) ?? null,
      x: finding.x,
      severity: finding.severity,
      title: `${visible(finding.rules)} on ${visible(finding.function)} at ${timeText(finding.time_ns, ticks)}${finding.findings > 1 ? `, ${finding.findings} findings` : ''}`,
    }))
    .filter((finding) => finding.lane !== null);
  const x = { field: 'x', type: 'quantitative' as const, scale: { domain: [0, 1], nice: false }, axis: null };
  const y = laneAxis(lanes);
  const ranged = { x, x2: { field: 'x2' }, y, description: { field: 'title', type: 'nominal' as const } };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: CHART.width,
    height,
    autosize: 'none',
    padding: { left: CHART.left, right: CHART.right, top: CHART.top, bottom: CHART.bottom },
    background: 'transparent',
    config: {
      font: FONT,
      view: { stroke: null },
      text: { fontSize: 11, fill: COLOURS.text },
      bar: { discreteBandSize: { band: 1 } },
      aria: false,
    },
    layer: [
      {
        name: 'losses',
        data: {
          values: timeline.losses.map((loss) => ({
            x: loss.from_x,
            x2: Math.max(loss.to_x, loss.from_x + 0.002),
            title: `Events lost: ${visible(loss.message)}`,
          })),
        },
        mark: { type: 'rect', fill: COLOURS.loss, fillOpacity: 0.12 },
        encoding: {
          x,
          x2: { field: 'x2' },
          y: { value: 0 },
          y2: { value: height },
          description: { field: 'title' },
        },
      },
      {
        name: 'ticks',
        data: { values: ticksApart(timeline) },
        mark: { type: 'rule', stroke: COLOURS.line, strokeWidth: 1 },
        encoding: { x, y: { value: 0 }, y2: { value: height + 4 } },
      },
      {
        name: 'tick-labels',
        data: { values: ticksApart(timeline) },
        mark: { type: 'text', baseline: 'top', align: 'center', fontSize: 10, fill: COLOURS.faint },
        encoding: { x, y: { value: height + 8 }, text: { field: 'label' } },
      },
      {
        name: 'gaps',
        data: {
          values: timeline.gaps
            .filter((gap) => gap.to_x - gap.from_x >= 0.06)
            .map((gap) => ({ x: (gap.from_x + gap.to_x) / 2, label: durationText(gap.duration_ns, ticks) })),
        },
        mark: {
          type: 'text',
          baseline: 'bottom',
          align: 'center',
          fontSize: 10,
          fontStyle: 'italic',
          fill: COLOURS.faint,
        },
        encoding: { x, y: { value: -6 }, text: { field: 'label' } },
      },
      {
        name: 'off',
        data: { values: byState('off') },
        encoding: ranged,
        mark: { type: 'bar', height: { band: 0.18 }, fill: COLOURS.off },
      },
      {
        name: 'unknown',
        data: { values: byState('unknown') },
        encoding: ranged,
        mark: {
          type: 'bar',
          height: { band: 0.5 },
          fill: COLOURS.ground,
          fillOpacity: 0.6,
          stroke: COLOURS.unknown,
          strokeWidth: 1,
          strokeDash: [3, 3],
        },
      },
      {
        name: 'on',
        data: { values: byState('on') },
        encoding: ranged,
        mark: { type: 'bar', height: { band: 0.72 }, fill: COLOURS.on },
      },
      {
        name: 'mixed',
        data: { values: byState('mixed') },
        encoding: ranged,
        mark: { type: 'bar', height: { band: 0.72 }, fill: COLOURS.mixed },
      },
      {
        name: 'stu',
        data: { values: stu },
        encoding: ranged,
        mark: {
          type: 'bar',
          height: { band: 0.72 },
          fill: COLOURS.ground,
          fillOpacity: 0.6,
          stroke: COLOURS.stu,
          strokeWidth: 1,
        },
      },
      {
        name: 'stu-labels',
        data: { values: stu },
        mark: { type: 'text', align: 'left', baseline: 'middle', dx: 4, fontSize: 10, fill: COLOURS.stu },
        encoding: { x, y, text: { field: 'label' } },
      },
      {
        name: 'findings',
        data: { values: findings },
        mark: { type: 'point', filled: true, size: 95, opacity: 1, stroke: COLOURS.ground, strokeWidth: 1.5 },
        encoding: {
          x,
          y,
          shape: {
            field: 'severity',
            type: 'nominal',
            legend: null,
            scale: { domain: ['error', 'warning', 'note'], range: ['triangle-down', 'diamond', 'circle'] },
          },
          fill: {
            field: 'severity',
            type: 'nominal',
            legend: null,
            scale: {
              domain: ['error', 'warning', 'note'],
              range: [COLOURS.error, COLOURS.warning, COLOURS.note],
            },
          },
          description: { field: 'title', type: 'nominal' },
        },
      },
    ],
  };
}
