/**
 * Checks of `qsched doctor`: what was found, and what to do about it.
 */
import { messageOf, QschedError } from '../../contract/errors.js';

/** A check: its name, what to do if it fails, and what it finds; it throws if something must be done. */
export interface Check {
  readonly name: string;
  readonly advice: string;
  readonly find: () => string | Promise<string>;
  /** Whether qsched works without it: a server can be started later. */
  readonly optional?: true;
}

/** What a check found. */
export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do; empty if it is ok. */
  readonly advice: string;
  /** Whether nothing works without it. */
  readonly required: boolean;
}

/** Runs a check; never throws. */
export async function findingOf({ name: check, advice, find, optional }: Check): Promise<Finding> {
  const required = optional !== true;
  try {
    return { check, ok: true, detail: await find(), advice: '', required };
  } catch (error) {
    const hint = error instanceof QschedError && error.hint !== '' ? error.hint : advice;
    return { check, ok: false, detail: messageOf(error), advice: hint, required };
  }
}
