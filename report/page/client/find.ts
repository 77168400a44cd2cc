/**
 * Elements that the page has by its own making.
 */

/** The first element of that kind. @throws Error where there is none: page and script are of different releases */
export function find<E extends Element>(within: ParentNode, selector: string, kind: new () => E): E {
  const found = within.querySelector(selector);
  if (found instanceof kind) return found;
  throw new Error(`The page has no ${selector}.`);
}
