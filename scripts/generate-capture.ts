// Writes capture/atscope-capture, which is put together from its parts and the model: npm run docs
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { captureScript } from '../capture/generate.ts';
import packageJson from '../package.json' with { type: 'json' };

const target = 'capture/atscope-capture';
const part = (name: string) => readFileSync(`capture/script/${name}`, 'utf8');
writeFileSync(target, captureScript(part, packageJson.version));
chmodSync(target, 0o755);
