/**
 * Counts and ratios of them as people read them.
 */

/** `12,345`; of a number that is not whole, the nearest. */
export const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

/** `87 %`, or `1/60` where it is small. @param times the whole as a multiple of the part */
export const share = (times: number): string => (times < 5 ? `${(100 / times).toFixed(0)} %` : `1/${whole(times)}`);

/** `320`, or `320-1,600`. */
export const span = (low: number, high: number, show: (value: number) => string = whole): string =>
  show(low) === show(high) ? show(high) : `${show(low)}-${show(high)}`;
