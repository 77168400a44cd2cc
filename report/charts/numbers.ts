/**
 * Numbers as a report shows them, with the minus sign of typography.
 */

/** An interval; bounds are null where it has none. */
interface Ends {
  readonly low: number | null;
  readonly high: number | null;
}

const minus = (text: string): string => text.replace('-', '−');

/** A number with `digits` decimals; a dash if there is none. */
export const fixed = (value: number | null, digits = 4): string =>
  value === null ? '–' : minus(value.toFixed(digits));

/** A gain with its sign. */
export const signed = (value: number | null, digits = 4): string =>
  value !== null && value >= 0 ? `+${value.toFixed(digits)}` : fixed(value, digits);

/** `+0.010 to +0.090`; null where there is no interval. */
export const ends = ({ low, high }: Ends, digits = 4, show = signed): string | null =>
  low === null || high === null ? null : `${show(low, digits)} to ${show(high, digits)}`;

/** To `digits` significant digits, without trailing zeros or an exponent. */
export const significant = (value: number, digits = 3): string => minus(String(Number(value.toPrecision(digits))));

/** A share in whole percent. */
export const percent = (share: number): string => `${minus((100 * share).toFixed(0))} %`;

/** A duration in the units that suit it: `0.4 s`, `12 s`, `3 min 20 s`, `5 h 2 min`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** A count with its unit in the right number. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
