// Writes the documents that are derived from code: npm run docs
import { mkdirSync, writeFileSync } from 'node:fs';
import { rulesDocument } from '../model/rules/document.ts';
import { schemaDocument } from '../tables/document.ts';

mkdirSync('docs', { recursive: true });
writeFileSync('docs/schema.md', schemaDocument());
writeFileSync('docs/rules.md', rulesDocument());
