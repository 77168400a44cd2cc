/** The length of a schedule in messages: `1 step`, `4 steps`. */
export const stepCount = (steps: number): string => `${steps} step${steps === 1 ? '' : 's'}`;
