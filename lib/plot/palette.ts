// The palette: one colour, one meaning, in every picture of the course.
//
// Seven fills say what a piece of memory is. They differ for colour-blind
// readers too, and each is darker than the one before it, so that a grey
// print keeps their order. Idea to carry away: colour never stands alone.
// A fill comes with a length or a legend, a line with a dash and a label.

/** What a piece of memory can be, from the palest fill to the darkest. */
export const palette = {
  free: '#F0F3F5',
  offset: '#EFD097', // the colour offset at the start of a slab
  cached: '#91B8F1', // freed by the client, but held in some cache
  waste: '#B48300', // rounding, left-over
  allocated: '#4C60DD', // in the client's hands
  guard: '#8F1D63', // red zone, poison, overlap; outline: look here
  tag: '#111111', // headers, descriptors, delimiters
} as const;

export type Kind = keyof typeof palette;
export const kinds = Object.keys(palette) as Kind[];

/** Text and lines on a white ground. */
export const ink = '#111111';
export const outline = '#59636B';

/** Fills so pale that on white they need an outline. */
const pale = new Set<Kind>(['free', 'offset', 'cached']);

/** The outline of a fill; between dark neighbours only white is seen. */
export const lineOf = (kind: Kind): string =>
  pale.has(kind) ? outline : '#FFFFFF';

/** The text on a fill. */
export const inkOf = (kind: Kind): string =>
  pale.has(kind) || kind === 'waste' ? ink : '#FFFFFF';

/** Encodings of a rectangle whose datum has a `kind`, with a legend. */
export function fillByKind(used: readonly Kind[]) {
  const domain = kinds.filter((kind) => used.includes(kind));
  const by = (color: (kind: Kind) => string) => ({
    field: 'kind',
    scale: { domain, range: domain.map(color) },
  });
  return { fill: by((kind) => palette[kind]), stroke: by(lineOf) };
}

/** Lines: told apart by dash and by the name at their end; colour second. */
export const lines = {
  first: { color: '#4C60DD', dash: [1, 0] },
  best: { color: '#B48300', dash: [6, 3] },
  next: { color: '#8F1D63', dash: [2, 2] },
  buddy: { color: '#00876C', dash: [8, 3, 2, 3] },
  instant: { color: '#111111', dash: [1, 0] },
} as const;

export type Line = keyof typeof lines;
