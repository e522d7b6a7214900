// Writes the documents that are derived from code. Run with:
//   npx esbuild scripts/generate-docs.ts --bundle --platform=node --format=esm --loader:.sql=text | node --input-type=module
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { atsEventsDocument } from '../ingest/ats-events/document.ts';
import { atsEventsSchema } from '../ingest/ats-events/schema.ts';
import { rulesDocument } from '../model/rules/document.ts';
import { libraryDocument } from '../queries/document.ts';
import { tagsDocument } from '../reports/definition/document.ts';
import { schemaDocument } from '../tables/document.ts';

mkdirSync('docs', { recursive: true });
writeFileSync('docs/schema.md', schemaDocument());
writeFileSync('docs/library.md', libraryDocument());
writeFileSync('docs/rules.md', rulesDocument());

// The first part of docs/reports.md is written by hand.
const TAGS = '## Tags\n\n';
const [head] = readFileSync('docs/reports.md', 'utf8').split(TAGS);
writeFileSync('docs/reports.md', head + TAGS + tagsDocument());
const example = (name: string) => readFileSync(`docs/examples/${name}`, 'utf8');
writeFileSync(
  'docs/ats-events.md',
  atsEventsDocument({
    log: example('vf-before-pf.jsonl'),
    csv: example('vf-before-pf.csv'),
    mapping: example('vf-before-pf.map.yaml'),
    text: example('bench-text.map.yaml'),
  }),
);
writeFileSync('docs/ats-events.schema.json', `${JSON.stringify(atsEventsSchema(), null, 2)}\n`);
