import { createHash } from 'node:crypto';
import { attribute, html, type Markup, trusted } from './markup.ts';
import css from './page.css';

function cspHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** One self-contained page. It may load nothing, and run no script but the one given. */
export function page(title: string, body: Markup, script = ''): string {
  const policy = [
    "default-src 'none'",
    `style-src ${cspHash(css)}`,
    ...(script ? [`script-src ${cspHash(script)}`] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${attribute(title)}</title>
<style>${trusted(css)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the findings</a>
${body}${
  script
    ? html`<script>${trusted(script)}</script>
`
    : null
}</body>
</html>
`.text;
}
