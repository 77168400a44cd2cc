/**
 * The error that users see: what is wrong, and what to type instead.
 */

/** `usage`: wrong input, exit code 2. `failure`: anything else that prevents the work, exit code 1. */
export type ErrorCode = 'usage' | 'failure';

/** An error for users: one sentence about what is wrong, one hint about what to do. */
export class QschedError extends Error {
  override readonly name = 'QschedError';

  /**
   * @param code `usage` (exit 2) or `failure` (exit 1)
   * @param message what is wrong, where, and what is allowed
   * @param hint what to type or change instead; may be empty
   * @param final whether a retry cannot help; by default true for wrong input only
   */
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly hint = '',
    readonly final: boolean = code === 'usage',
  ) {
    super(message);
  }

  /** Exit code of the process for this error. */
  get exitCode(): 1 | 2 {
    return this.code === 'usage' ? 2 : 1;
  }
}

/** The message of any thrown value, without a stack trace. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
