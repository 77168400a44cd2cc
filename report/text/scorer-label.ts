/**
 * Scorers by their own names in texts; specs and results call them by role.
 */

/** The name of a scorer by its role. */
export type ScorerNames = (role: string) => string;

/** Renames the scorers in a reason such as `not proven: second +0.0387 (...)`. */
export const renameScorers = (reason: string, roles: readonly string[], nameOf: ScorerNames): string =>
  roles.reduce(
    (text, role) => text.replace(new RegExp(`(?<=[:,] )${role.replaceAll('.', '\\.')}(?= [+-]\\d)`, 'g'), nameOf(role)),
    reason,
  );
