/**
 * Ctrl-C: the first one ends a command in order, the second one at once.
 */
import { say } from '../text/output.js';

/** Listens for SIGINT and SIGTERM until it is forgotten. */
export interface Interruption {
  /** Resolves at the first signal. */
  readonly happened: Promise<undefined>;
  forget(): void;
}

/**
 * @param comeBack how to continue, for example "Resume with the same command"
 * @param doing what the first signal starts, for example "stopping the workers"
 */
export function onInterrupt(comeBack: string, doing: () => string): Interruption {
  let resolve: (value: undefined) => void = () => undefined;
  const happened = new Promise<undefined>((done) => {
    resolve = done;
  });
  let times = 0;
  const handler = (): void => {
    times += 1;
    if (times > 1) {
      say(`stopped at once. ${comeBack}`);
      process.exit(130);
    }
    say(`${doing()} ...; press Ctrl-C again to force`);
    resolve(undefined);
  };
  process.on('SIGINT', handler);
  process.on('SIGTERM', handler);
  return {
    happened,
    forget: () => {
      process.off('SIGINT', handler);
      process.off('SIGTERM', handler);
    },
  };
}
