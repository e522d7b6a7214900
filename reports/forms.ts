import type { Analysis } from '../model/analysis.ts';
import { findingsJson } from './findings-json.ts';
import type { FormFile } from './form-names.ts';
import { githubAnnotations, githubSummary } from './github.ts';
import { htmlReport } from './html.ts';
import { junitXml } from './junit.ts';
import { ktapText } from './ktap.ts';
import { perfettoTrace } from './perfetto.ts';
import { sarifLog } from './sarif.ts';
import { summaryMarkdown } from './summary-markdown.ts';

function json(data: object): string {
  return `${JSON.stringify(data, null, 2)}\n`;
}

/** How each file of `FORM_NAMES` is made. */
export const MAKERS: Readonly<Record<FormFile, (analysis: Analysis) => string | Promise<string>>> = {
  'report.html': htmlReport,
  'findings.json': (analysis) => json(findingsJson(analysis)),
  'summary.md': summaryMarkdown,
  'junit.xml': junitXml,
  'atscope.sarif': (analysis) => json(sarifLog(analysis)),
  'atscope.ktap': ktapText,
  'github-annotations.txt': githubAnnotations,
  'github-summary.md': githubSummary,
  'atscope.perfetto.json': perfettoTrace,
};
