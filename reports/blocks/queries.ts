import { compose, sqlOf } from '../definition/compose.ts';
import { html, lines, type Markup } from '../html/markup.ts';
import type { PageContext } from './context.ts';

/** The SQL of every query the page used so far, as `atscope query` takes it. */
export function queriesBlock(context: PageContext): Markup {
  return html`${context.answers.asked.map((name) => {
    const from = sqlOf(context.definition, name)?.own ? '' : ', of the catalogue';
    const { sql } = compose(context.definition, name);
    return html`<details class="sql"><summary><code>${name}</code>${from}</summary><pre tabindex="0">${lines(sql.trim())}</pre></details>
`;
  })}`;
}
