// Writes the documents that are derived from code. Run with:
//   npx esbuild scripts/generate-docs.ts --bundle --platform=node --format=esm --loader:.sql=text | node --input-type=module
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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
