/**
 * A spec without what its defaults say: the shortest one that is completed to the same.
 */
import { canonicalJson } from '../../contract/canonical-json.js';
import { isGroup, type Tree } from './tree.js';

/** What fills the defaults of a spec. @throws if it is not valid */
export type Complete = (written: unknown) => unknown;

/**
 * @param full a complete spec
 * @param kept paths, such as `scheduler.type`, that are written in any case: their defaults depend on the model
 * @returns the spec itself if it is not one that this version completes to itself
 */
export function minimalSpec(full: Tree, complete: Complete, kept: readonly string[]): Tree {
  const wanted = canonicalJson(full);
  const same = (tree: Tree): boolean => {
    try {
      return canonicalJson(complete(structuredClone(tree))) === wanted;
    } catch {
      return false;
    }
  };
  if (!same(full)) return full;
  const short = structuredClone(full);
  const shorten = (group: Tree, path: string): void => {
    for (const [key, value] of Object.entries(group)) {
      const own = path === '' ? key : `${path}.${key}`;
      if (isGroup(value)) shorten(value, own);
      if (kept.includes(own) || kept.some((one) => one.startsWith(`${own}.`))) continue;
      const { [key]: before } = group;
      delete group[key];
      if (!same(short)) group[key] = before;
    }
  };
  shorten(short, '');
  // A key that was put back came last: the order of the spec is kept.
  return inOrderOf(full, short);
}

const inOrderOf = (full: Tree, short: Tree): Tree =>
  Object.fromEntries(
    Object.entries(full).flatMap(([key, value]) => {
      if (!(key in short)) return [];
      const own = short[key];
      return [[key, isGroup(value) && isGroup(own) ? inOrderOf(value, own) : own]];
    }),
  );
