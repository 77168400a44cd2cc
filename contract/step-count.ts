/** `1 step`, `4 steps`: how messages name the length of a schedule. */
export const stepCount = (steps: number): string => `${steps} step${steps === 1 ? '' : 's'}`;
