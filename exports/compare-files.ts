/**
 * Whether a model on disk is the one that a schedule was made for, by the hashes of its files.
 */

type Hashes = Readonly<Record<string, string>>;

export interface FileComparison {
  /** `match`: the same contents; `precision`: only the denoiser differs; `other`: other files as well. */
  readonly answer: 'match' | 'precision' | 'other';
  readonly same: readonly string[];
  /** There are others in their place. */
  readonly changed: readonly string[];
  readonly missing: readonly string[];
  /** Files of the model that the schedule's did not have. */
  readonly added: readonly string[];
}

const isDenoiser = (file: string): boolean => /^(unet|transformer)\//.test(file);

/** Compares the files that a schedule was made for with those of a model: by contents, then by names. */
export function compareFiles(expected: Hashes, found: Hashes): FileComparison {
  const files = Object.keys(expected).sort();
  const same = files.filter((file) => found[file] === expected[file]);
  const changed = files.filter((file) => file in found && found[file] !== expected[file]);
  const missing = files.filter((file) => !(file in found));
  const added = Object.keys(found)
    .filter((file) => !(file in expected))
    .sort();
  const contents = (hashes: Hashes): string => Object.values(hashes).sort().join();
  const elsewhere = [...changed, ...missing, ...added].some((file) => !isDenoiser(file));
  const answer =
    contents(expected) === contents(found) ? 'match' : elsewhere || same.length === 0 ? 'other' : 'precision';
  return { answer, same, changed, missing, added };
}
