/** `42 s`, `12 min`, `3.5 h`, `2.1 d` */
export function duration(seconds: number): string {
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} min`;
  return seconds < 48 * 3600 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} d`;
}

/** ` - ETA 12 min`; empty where nothing was measured yet. */
export const eta = (seconds: number | null): string =>
  seconds === null ? '' : ` - ETA ${duration(Math.ceil(seconds))}`;
