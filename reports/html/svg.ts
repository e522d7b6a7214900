import type { TopLevelSpec } from 'vega-lite';
import { attribute, type Markup, trusted } from './markup.ts';

export interface SvgOptions {
  /** What the picture shows, for those who cannot see it. */
  readonly label: string;
  /** Prefix of the ids inside of it, so that those of two pictures on a page differ. */
  readonly idPrefix: string;
}

/** Vega describes a mark for screen readers; as a title it is a tooltip too, without any script. */
function withTitles(svg: string): string {
  return svg.replace(
    /<(path|text) aria-label="([^"]*)" role="graphics-symbol" aria-roledescription="[^"]*"([^>]*?)(\/>|>([^<]*)<\/text>)/g,
    (_, name: string, label: string, rest: string, _end: string, text?: string) =>
      `<${name}${rest}><title>${label}</title>${text ?? ''}</${name}>`,
  );
}

/** A chart of a report loads nothing. */
function refuse(): never {
  throw new Error('a chart loads nothing: data is {query: name}');
}

const NO_LOADER = { load: refuse, sanitize: refuse, http: refuse, file: refuse, options: {} };

/** Tells what vega-lite says about a chart when it is compiled. @throws Error for one that it cannot compile. */
export async function compileChart(spec: TopLevelSpec): Promise<{ readonly warnings: readonly string[] }> {
  const vegaLite = await import('vega-lite');
  const { warnings, logger } = listening();
  vegaLite.compile(spec, { logger });
  return { warnings };
}

function listening() {
  const warnings: string[] = [];
  const logger = {
    level: () => logger,
    warn: (...parts: readonly unknown[]) => {
      warnings.push(parts.map(String).join(' '));
      return logger;
    },
    error: (...parts: readonly unknown[]) => {
      warnings.push(parts.map(String).join(' '));
      return logger;
    },
    info: () => logger,
    debug: () => logger,
  };
  return { warnings, logger };
}

/** Loads the libraries of charts: a third of the program. */
export function readyCharts() {
  return Promise.all([import('vega'), import('vega-lite'), import('vega-interpreter')]);
}

/**
 * Renders a vega-lite chart to markup at build time: a page needs no script to show it. Expressions in it are
 * interpreted, not compiled to code, and nothing is loaded.
 * @throws Error for a chart that cannot be drawn, or that holds links or images.
 */
export async function renderSvg(spec: TopLevelSpec, options: SvgOptions): Promise<Markup> {
  const [vega, vegaLite, { expressionInterpreter }] = await readyCharts();
  // Ids count up over all charts of the process; the same chart must give the same bytes.
  vega.resetSVGDefIds();
  const { logger } = listening();
  const runtime = vega.parse(vegaLite.compile(spec, { logger }).spec, undefined, { ast: true });
  const view = new vega.View(runtime, {
    renderer: 'none',
    expr: expressionInterpreter,
    loader: NO_LOADER,
    logger,
  });
  const svg = await view.toSVG();
  view.finalize();
  if (
    /<(image|a|script|foreignObject|style)\b|\bhref=|\son[a-z]+=/i.test(
      svg.replace(/>[^<]*</g, '><').replace(/"[^"]*"/g, '""'),
    )
  )
    throw new Error('a chart has no links and no images');
  const body = withTitles(svg)
    .replace(/ (?:d|transform|x2|y2)="[^"]*"/g, (geometry) => geometry.replace(/(\d+\.\d\d\d)\d+/g, '$1'))
    .replace(/ aria-(hidden|label|roledescription)="[^"]*"/g, '')
    .replace(/ role="graphics-[a-z]+"/g, '')
    .replace(/\b(id="|url\(#)/g, `$1${options.idPrefix}-`)
    .replace(/ xmlns:xlink="[^"]*"/, '');
  const size = /width="([\d.]+)" height="([\d.]+)"/.exec(body);
  const open = body.indexOf('>') + 1;
  return trusted(
    `<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-label="${attribute(options.label).text}" ` +
      `width="${size?.[1]}" height="${size?.[2]}" viewBox="0 0 ${size?.[1]} ${size?.[2]}">${body.slice(open)}`,
  );
}
