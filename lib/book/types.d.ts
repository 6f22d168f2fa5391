// Packages without types of their own: what we use of them.
declare module 'markdown-it-footnote' {
  import type { MarkdownIt } from 'markdown-it';
  const footnote: (md: MarkdownIt) => void;
  export default footnote;
}

declare module 'markdown-it-texmath' {
  import type { MarkdownIt } from 'markdown-it';
  interface Options {
    engine: { renderToString(tex: string, options?: object): string };
    delimiters: string;
  }
  const texmath: (md: MarkdownIt, options: Options) => void;
  export default texmath;
}
