// The sheet: what all pages of a handout share.
//
// Idea: style, plots and formulas are inside the page, so it can be mailed,
// printed, and read in a cellar. The policy in its head makes a browser
// hold that: it may load nothing, and run nothing.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { escapeHtml } from './listing.js';

/** The style of all pages, on a screen and on paper, without comments. */
const style = (): string =>
  ['handout.css', 'print.css']
    .map((name) => readFileSync(join(__dirname, name), 'utf8'))
    .join('\n')
    .replace(/\/\*[\s\S]*?\*\/\n*/g, '');

const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** A text as a string of CSS, inside a style element. */
function cssString(text: string): string {
  const safe = text.replace(
    /["\\<\n]/g,
    (letter) => `\\${letter.charCodeAt(0).toString(16)} `,
  );
  return `"${safe}"`;
}

export interface Parts {
  title: string;
  description: string;
  before: string; // above the main part
  main: string;
}

/** A whole page. */
export function sheet({ title, description, before, main }: Parts): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<meta name="description" content="${escapeHtml(description)}">
<link rel="icon" href="data:,">
<style>
${style()}
@page {
  @top-left {
    content: ${cssString(title)};
  }
}
</style>
</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
${before}<main id="main">
${main}
</main>
<footer>freelist: kernel memory allocators, read line by line, run against
the real thing.</footer>
</body>
</html>
`;
}
