/**
 * A spec as groups of keys.
 */

/** A group of a spec, or all of it. */
export type Tree = { [key: string]: unknown };

/** Whether a value is a group of keys. */
export const isGroup = (value: unknown): value is Tree => Object.prototype.toString.call(value) === '[object Object]';
