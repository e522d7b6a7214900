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
    /<path aria-label="([^"]*)" role="graphics-symbol" aria-roledescription="[^"]*"([^>]*?)\/>/g,
    (_, label: string, rest: string) => `<path${rest}><title>${label}</title></path>`,
  );
}

/** Renders a vega-lite chart to markup at build time: a page needs no script to show it. */
export async function renderSvg(spec: TopLevelSpec, options: SvgOptions): Promise<Markup> {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  // Ids count up over all charts of the process; the same chart must give the same bytes.
  vega.resetSVGDefIds();
  const view = new vega.View(vega.parse(vegaLite.compile(spec).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  const body = withTitles(svg)
    .replace(/ (?:d|transform|x2|y2)="[^"]*"/g, (geometry) => geometry.replace(/(\d+\.\d\d\d)\d+/g, '$1'))
    .replace(/ aria-(hidden|label|roledescription)="[^"]*"/g, '')
    .replace(/ role="graphics-[a-z]+"/g, '')
    .replace(/\b(id="|url\(#)/g, `$1${options.idPrefix}-`)
    .replace(/ xmlns:xlink="[^"]*"/, '');
  const size = /width="(\d+)" height="(\d+)"/.exec(body);
  const open = body.indexOf('>') + 1;
  return trusted(
    `<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-label="${attribute(options.label).text}" ` +
      `width="${size?.[1]}" height="${size?.[2]}" viewBox="0 0 ${size?.[1]} ${size?.[2]}">${body.slice(open)}`,
  );
}
