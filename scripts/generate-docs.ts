// Writes the documents that are derived from code. Run with:
//   npx esbuild scripts/generate-docs.ts --bundle --platform=node --format=esm | node --input-type=module
import { mkdirSync, writeFileSync } from 'node:fs';
import { schemaDocument } from '../tables/document.ts';

mkdirSync('docs', { recursive: true });
writeFileSync('docs/schema.md', schemaDocument());
