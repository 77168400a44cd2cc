/**
 * Puts new parts into the page where they differ, so that what a reader has opened, moved or focused stays as it is.
 */

/** The HTML of sections as it came, by their ids: the page's own changes since, and what the script adds, do not count. */
const known = new Map<string, string>();

/**
 * @param html inner HTML of `<main>`
 * @param enhance is called with every section that was replaced
 */
export function replaceParts(html: string, enhance: (within: ParentNode) => void): void {
  const main = document.querySelector('main');
  if (main === null) return;
  const page = new DOMParser().parseFromString(`<main>${html}</main>`, 'text/html');
  const sections = [...page.querySelectorAll('section[id]')];
  const [now, before] = [sections.map(({ id }) => id), [...main.querySelectorAll('section[id]')].map(({ id }) => id)];
  const anchor = firstInView(main);
  if (now.join(' ') !== before.join(' ')) {
    const state = stateOf(main);
    main.replaceChildren(...[...page.querySelector('main')!.childNodes].map((node) => document.importNode(node, true)));
    enhance(main);
    restore(main, state);
  } else {
    for (const section of sections) {
      if (known.get(section.id) === section.outerHTML) continue;
      const old = document.getElementById(section.id);
      if (old === null) continue;
      const state = stateOf(old);
      const fresh = document.importNode(section, true);
      old.replaceWith(fresh);
      enhance(fresh);
      restore(fresh, state);
    }
  }
  for (const section of sections) known.set(section.id, section.outerHTML);
  anchor?.();
}

/** What a reader did: by the place of an element among its kind. */
interface State {
  readonly open: readonly boolean[];
  readonly values: readonly string[];
  readonly focus: number;
}

type Field = HTMLInputElement | HTMLSelectElement;

const FOCUSABLE = 'a, button, input, select, summary, [tabindex]';

const stateOf = (within: ParentNode): State => ({
  open: [...within.querySelectorAll('details')].map(({ open }) => open),
  values: [...within.querySelectorAll<Field>('input, select')].map(({ value }) => value),
  focus: [...within.querySelectorAll(FOCUSABLE)].findIndex((element) => element === document.activeElement),
});

function restore(within: ParentNode, { open, values, focus }: State): void {
  within.querySelectorAll('details').forEach((details, i) => {
    if (open[i] !== undefined) details.open = open[i];
  });
  within.querySelectorAll<Field>('input, select').forEach((input, i) => {
    if (values[i] === undefined || input.value === values[i]) return;
    input.value = values[i];
    input.dispatchEvent(new Event('input'));
  });
  const focused = focus < 0 ? undefined : within.querySelectorAll(FOCUSABLE)[focus];
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
}

/** Remembers where the first section in view is; the function returned puts it there again. */
function firstInView(main: Element): (() => void) | null {
  const section = [...main.querySelectorAll('section[id]')].find((one) => one.getBoundingClientRect().bottom > 0);
  if (section === undefined || scrollY === 0) return null;
  const { id } = section;
  const { top } = section.getBoundingClientRect();
  return () => {
    const moved = document.getElementById(id);
    if (moved !== null) scrollBy({ top: moved.getBoundingClientRect().top - top, behavior: 'instant' });
  };
}
