/**
 * What a flag of the command line is. Help texts, types, the fields of a spec and the names in messages all come from it.
 */
import { groupAt, type Tree } from './values.js';

/** A flag; its key in a table is its name in camel case. */
export interface Flag {
  /** Placeholder of its value, for example `<n>`; absent for a switch. */
  readonly value?: string;
  readonly help: string;
  /** The field of a spec that it sets, for example `scheduler.steps`; absent if a command reads the flag itself. */
  readonly path?: string;
  /** Fields that it sets in another way, for messages. */
  readonly fields?: readonly string[];
  /** Reads the text as data; by default it remains a text. */
  readonly read?: (text: string) => unknown;
  /** A value for hints, if the field has no plain default. */
  readonly example?: string;
  /** Another name, for example `--provider`. */
  readonly alias?: string;
  /** Whether it can be given several times, with comma-separated values. */
  readonly repeatable?: true;
}

export type Flags = Readonly<Record<string, Flag>>;

type More = Omit<Partial<Flag>, 'value' | 'help'>;

/** A flag without a value. */
export const switches = (help: string, more: More = {}): Omit<Flag, 'value' | 'repeatable'> => ({ ...more, help });

/** A flag with a value that the command reads. */
export const takes = <M extends More>(value: string, help: string, more?: M): { value: string; help: string } & M => ({
  value,
  help,
  ...(more as M),
});

/** A flag with a value that sets a field of a spec. */
export const sets = (path: string, value: string, help: string, more: Omit<More, 'path' | 'repeatable'> = {}) =>
  takes(value, help, { ...more, path });

/** The flags of a table as they were typed. */
export type Given<T extends Flags> = {
  readonly [K in keyof T]?: T[K] extends { readonly repeatable: true }
    ? string[]
    : T[K] extends { readonly value: string }
      ? string
      : boolean;
};

/** The flags of any table as they were typed. */
export type AnyGiven = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** `gridPoints` as `--grid-points`. */
export const flagName = (key: string): string => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Sets the fields of a spec that the given flags name. */
export function setFields(tree: Tree, flags: Flags, given: AnyGiven): void {
  for (const [key, { path, read }] of Object.entries(flags)) {
    const text = given[key];
    if (path === undefined || text === undefined) continue;
    const value: unknown = typeof text === 'string' && read !== undefined ? read(text) : text;
    const dot = path.indexOf('.');
    if (dot === -1) tree[path] = value;
    else groupAt(tree, path.slice(0, dot))[path.slice(dot + 1)] = value;
  }
}
