/**
 * The one error that people see: what is wrong, and what to type instead.
 */

/** `usage`: wrong input, exit code 2. `failure`: the world did not cooperate, exit code 1. */
export type ErrorCode = 'usage' | 'failure';

/** An error made for a reader: one sentence of what is wrong, one hint of what to do. */
export class QschedError extends Error {
  override readonly name = 'QschedError';

  /**
   * @param code `usage` (exit 2) or `failure` (exit 1)
   * @param message what is wrong, where, and what is allowed
   * @param hint what to type or change instead; may be empty
   * @param final whether trying again cannot help: always so for wrong input
   */
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly hint = '',
    readonly final: boolean = code === 'usage',
  ) {
    super(message);
  }

  /** The process exit code that belongs to this error. */
  get exitCode(): 1 | 2 {
    return this.code === 'usage' ? 2 : 1;
  }
}

/** The message of anything thrown, without a stack trace. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
