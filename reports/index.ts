/** The forms in which an analysis is told. See `README.md` in this folder. */
export { findingsJson } from './findings-json.ts';
export { htmlReport } from './html.ts';
export { junitXml } from './junit.ts';
export { ktapText } from './ktap.ts';
export { type Palette, PLAIN } from './palette.ts';
export { sarifLog } from './sarif.ts';
export { summaryMarkdown } from './summary-markdown.ts';
export type { SummaryOptions } from './summary-settings.ts';
export { summaryText } from './summary-text.ts';
export { whatIfText } from './what-if-text.ts';
