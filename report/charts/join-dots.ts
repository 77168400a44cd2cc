/**
 * Many equal dots as one path: a chart of thousands of candidates stays small, and is drawn at once.
 */

/** Fewer dots remain circles, which may have a tooltip each. */
const LEAST = 200;

const GROUP = /<g([^>]*)>((?:<circle r="[\d.]+" cy="[-\d.]+" cx="[-\d.]+" \/>)+)<\/g>/g;
const CIRCLE = /<circle r="([\d.]+)" cy="([-\d.]+)" cx="([-\d.]+)" \/>/g;

/** @param svg as linkedom writes it. @returns it with long runs of plain circles joined; filled ones become round dots of a line */
export const joinDots = (svg: string): string =>
  svg.replace(GROUP, (group, attributes: string, circles: string) => {
    const dots = [...circles.matchAll(CIRCLE)].map(([, r, y, x]) => ({ r: Number(r), x: tenths(x!), y: tenths(y!) }));
    const [first] = dots;
    if (first === undefined || dots.length < LEAST) return group;
    const { r } = first;
    if (attributes.includes('fill="none"')) {
      const rings = dots.map(
        ({ x, y }) => `M${tenths(x - r)},${y}a${r},${r} 0 1 1 ${2 * r},0a${r},${r} 0 1 1 ${-2 * r},0`,
      );
      return `<path${attributes} d="${rings.join('')}" />`;
    }
    const line = attributes.replace('fill="', 'stroke="').replace('fill-opacity="', 'stroke-opacity="');
    const points = dots.map(({ x, y }) => `M${x},${y}h0`);
    return `<path${line} fill="none" stroke-width="${2 * r}" stroke-linecap="round" d="${points.join('')}" />`;
  });

const tenths = (value: number | string): number => Math.round(10 * Number(value)) / 10;
