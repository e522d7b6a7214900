/** The forms in which an analysis is written, without the code that writes them: for help and documentation. */
export const FORM_NAMES = [
  { id: 'html', files: ['report.html'], doc: 'the report: one page that opens anywhere' },
  { id: 'json', files: ['findings.json'], doc: 'everything that was found; the baseline of a later run' },
  { id: 'markdown', files: ['summary.md'], doc: 'a summary for a merge request or a mail' },
  { id: 'junit', files: ['junit.xml'], doc: 'JUnit XML: a test case for each rule and kind of function' },
  { id: 'sarif', files: ['atscope.sarif'], doc: 'SARIF 2.1.0 for code scanning' },
  { id: 'ktap', files: ['atscope.ktap'], doc: 'KTAP: a test for each rule, as kernel tests print them' },
  {
    id: 'github',
    files: ['github-annotations.txt', 'github-summary.md'],
    doc: 'annotations and summary of a step of GitHub Actions',
  },
  {
    id: 'perfetto',
    files: ['atscope.perfetto.json'],
    doc: 'a trace for the Perfetto UI and chrome://tracing',
  },
] as const;

export type FormId = (typeof FORM_NAMES)[number]['id'];
export type FormFile = (typeof FORM_NAMES)[number]['files'][number];

/** The forms that `--out` writes when nobody says otherwise. */
export const USUAL_FORMS = 'html,json,markdown';
