import { counted, timeNumber } from './phrases.ts';
import type { Story } from './story.ts';
import { field, MAX_LIST, MAX_TEXT, type Settings } from './summary-settings.ts';
import { oneLine } from './visible.ts';
import { labelled } from './wrap.ts';

/** What limits the verdict, and the rules that could not be judged. */
export function limitLines(story: Story, settings: Settings): string[] {
  const { palette } = settings;
  const lines: string[] = [];
  if (story.reasons.length > 0) {
    lines.push(palette.bold('What limits this verdict'));
    for (const { reason, settle, decisive } of story.reasons) {
      const text = oneLine(reason, MAX_TEXT);
      lines.push(
        ...labelled(
          decisive ? '!' : '-',
          text,
          { indent: 2, column: 2, width: settings.width },
          palette.yellow,
        ),
      );
      if (settle) lines.push(...field('record', settle, settings));
    }
    lines.push('');
  }
  const unjudged = story.rules.filter((rule) => rule.status === 'not_evaluable');
  if (unjudged.length > 0) {
    lines.push(
      palette.bold(`Could not be judged: ${unjudged.length} of ${counted(story.rules.length, 'rule')}`),
    );
    const reasons = new Map<string, string[]>();
    for (const rule of unjudged) reasons.set(rule.why, [...(reasons.get(rule.why) ?? []), rule.rule]);
    const groups = [...reasons];
    for (const [why, rules] of groups.slice(0, MAX_LIST)) {
      const text = `${rules.join(', ')}: ${oneLine(why, MAX_TEXT)}`;
      lines.push(...labelled('-', text, { indent: 2, column: 2, width: settings.width }));
    }
    if (groups.length > MAX_LIST)
      lines.push(`  showing ${MAX_LIST} of ${groups.length} reasons; the report has all.`);
    lines.push('');
  }
  return lines;
}

function sourceName(story: Story, number: number, settings: Settings): string {
  const path = story.sources.find((source) => source.source === number)?.path;
  return path === undefined ? `source ${number}` : (settings.names.get(path) ?? path);
}

/** What was lost, and what was not understood while reading. */
export function lossLines(story: Story, settings: Settings): string[] {
  const lines: string[] = [];
  if (story.losses.length > 0) {
    lines.push(settings.palette.bold(`Losses: ${story.losses.length}`));
    for (const loss of story.losses.slice(0, MAX_LIST)) {
      const path = sourceName(story, loss.source, settings);
      const ticks = story.sources.find((source) => source.source === loss.source)?.time_unit === 'ticks';
      const from = loss.from_ns === null ? 'the start' : timeNumber(loss.from_ns, ticks);
      const to = loss.to_ns === null ? 'the end' : timeNumber(loss.to_ns, ticks);
      const cpu = loss.cpu === null ? '' : `, CPU ${loss.cpu}`;
      const place = loss.line === null ? path : `${path}:${loss.line}`;
      const text = `${place}  ${loss.kind}${cpu}, ${from} .. ${to}: ${loss.message}`;
      lines.push(...labelled('-', oneLine(text, MAX_TEXT), { indent: 2, column: 2, width: settings.width }));
    }
    if (story.losses.length > MAX_LIST)
      lines.push(`  showing ${MAX_LIST} of ${counted(story.losses.length, 'loss', 'losses')}`);
    lines.push('');
  }
  const troubles = story.importLog.filter((entry) => entry.severity !== 'info');
  if (troubles.length > 0) {
    lines.push(settings.palette.bold('Not understood while reading'));
    for (const entry of troubles.slice(0, MAX_LIST)) {
      const path = sourceName(story, entry.source, settings);
      const text = `${entry.line === null ? path : `${path}:${entry.line}`}  ${entry.message}${entry.count > 1 ? ` (x${entry.count})` : ''}`;
      lines.push(...labelled('-', oneLine(text, MAX_TEXT), { indent: 2, column: 2, width: settings.width }));
    }
    if (troubles.length > MAX_LIST) lines.push(`  showing ${MAX_LIST} of ${troubles.length}`);
    lines.push('');
  }
  return lines;
}
