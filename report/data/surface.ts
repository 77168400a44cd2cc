/**
 * Heat maps of the score over two coordinates: the scores of a grid themselves, else slices of a Gaussian process's mean.
 */
import type { SearchDocument } from '../documents/search-document.js';
import type { SearchSurface } from './search-surface.js';

type Surface = NonNullable<SearchDocument['surface']>;
type Slice = Surface['slices'][number];

/** Values along each coordinate of a slice. */
const SIDE = 33;
/** Coordinates of which every pair is drawn. */
const MOST_COORDINATES = 4;
/** Scored points without which a model says nothing. */
const LEAST_POINTS = 5;

/** What slices go through, and which coordinates matter. */
export interface SliceChoice {
  readonly grid: boolean;
  /** The finalist's point, or before a verdict the best one's; null before the first score. */
  readonly centre: readonly number[] | null;
  readonly finalist: readonly number[] | null;
  /** Names, the most important first; null if that is not known. */
  readonly importances: SearchDocument['importances'];
}

/** @returns null with one coordinate, and while there are too few scores */
export function slicesOf(surface: SearchSurface, choice: SliceChoice): SearchDocument['surface'] {
  const { names, all, used } = surface;
  const { grid, centre } = choice;
  if (names.length < 2 || all.length === 0 || centre === null) return null;
  if (grid && names.length === 2) return { kind: 'grid', slices: [gridSlice(surface, choice)], note: null };
  if (all.length < LEAST_POINTS) return null;
  const shown = shownCoordinates(names, choice.importances);
  const slices = shown.flatMap((x, i) => shown.slice(i + 1).map((y) => modelSlice(surface, choice, x, y)));
  const notes = [
    ...(used.length < all.length ? [`The model is fitted to ${used.length} of ${all.length} scored candidates.`] : []),
    ...(shown.length < names.length
      ? [`Shown are the ${shown.length} coordinates that matter most, of ${names.length}.`]
      : []),
  ];
  return { kind: 'model', slices, note: notes.length === 0 ? null : notes.join(' ') };
}

/** Indices of the coordinates, in the order of the space. */
function shownCoordinates(names: readonly string[], importances: SliceChoice['importances']): number[] {
  const ranked = importances === null ? names : importances.map(({ name }) => name);
  const kept = new Set(ranked.slice(0, MOST_COORDINATES));
  return names.flatMap((name, i) => (kept.has(name) ? [i] : []));
}

function modelSlice(surface: SearchSurface, choice: SliceChoice, x: number, y: number): Slice {
  const { box, mean } = surface;
  const centre = choice.centre!;
  const along = (i: number): number[] =>
    Array.from({ length: SIDE }, (_, j) => round(box.lower[i]! + ((box.upper[i]! - box.lower[i]!) * j) / (SIDE - 1)));
  const [xs, ys] = [along(x), along(y)];
  const values = ys.map((atY) => xs.map((atX) => round(mean(centre.with(x, atX).with(y, atY)))));
  return { xs, ys, values, ...aboutSlice(surface, choice, x, y) };
}

function gridSlice(surface: SearchSurface, choice: SliceChoice): Slice {
  const cells = surface.all.filter(({ trial }) => trial > 0);
  const along = (i: number): number[] => [...new Set(cells.map(({ point }) => point[i]!))].sort((a, b) => a - b);
  const [xs, ys] = [along(0), along(1)];
  const scores = new Map(cells.map(({ point, score }) => [point.join(), score]));
  const values = ys.map((y) => xs.map((x) => scores.get([x, y].join()) ?? null));
  return { xs, ys, values, ...aboutSlice(surface, choice, 0, 1) };
}

/** What a slice says beside its values. */
function aboutSlice(
  { names, used, all }: SearchSurface,
  { grid, centre, finalist }: SliceChoice,
  x: number,
  y: number,
): Omit<Slice, 'xs' | 'ys' | 'values'> {
  const others = names.flatMap((name, i) => (i === x || i === y ? [] : [[name, centre![i]!] as const]));
  return {
    x: names[x]!,
    y: names[y]!,
    held: Object.fromEntries(others),
    path: (grid ? all : used).map(({ point, trial, score }) => ({ x: point[x]!, y: point[y]!, trial, score })),
    finalist: finalist === null ? null : { x: finalist[x]!, y: finalist[y]! },
    identity: { x: 1, y: 1 },
  };
}

/** Six digits: more than a colour can show. */
const round = (value: number): number => Number(value.toPrecision(6));
