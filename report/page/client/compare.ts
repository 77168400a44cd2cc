/**
 * Two images over each other with a divider: a range input, so that it works by keyboard, by touch and by mouse. With three
 * images a list chooses which two. Without this script the images stand beside each other, as they still do below it.
 */
import { find } from './find.js';

/** Shows the slider of every `[data-compare]` whose images are there. */
export function offerComparisons(within: ParentNode): void {
  for (const box of within.querySelectorAll<HTMLElement>('[data-compare]')) {
    const choice = box.querySelector('select');
    const slider = find(box, 'input', HTMLInputElement);
    const words = [...box.querySelectorAll('p span')];
    const row = box.parentElement;
    const shown = { before: 'identity', after: 'calibrated' };
    const stage = find(box, '.stage', HTMLElement);
    const split = (): void => {
      const share = Number(slider.value);
      stage.style.setProperty('--split', `${share}%`);
      const [before, after] = words.map(({ textContent }) => textContent);
      slider.setAttribute('aria-valuetext', `${share} % ${before}, ${100 - share} % ${after}`);
    };
    /** False if one of the two is not there. */
    const show = (): boolean => {
      const [before, after] = [imageOf(row, shown.before), imageOf(row, shown.after)];
      if (before === null || after === null) return false;
      stage.replaceChildren(copied(before, 'before'), copied(after, 'after'), divider());
      const names = [nameOf(before), nameOf(after)];
      words.forEach((word, i) => {
        word.textContent = names[i]!;
      });
      slider.setAttribute('aria-label', `Divider between ${names.join(' and ')}`);
      split();
      return true;
    };
    const choose = (): boolean => {
      if (choice !== null) [shown.before, shown.after] = choice.value.split(' ') as [string, string];
      return show();
    };
    // Where an image is missing, only the pairs that are there are offered.
    for (const option of choice?.options ?? []) {
      option.disabled = option.value.split(' ').some((kind) => imageOf(row, kind) === null);
    }
    const there = [...(choice?.options ?? [])].find(({ disabled }) => !disabled);
    if (choice !== null && there !== undefined) choice.value = there.value;
    if (!choose()) continue;
    choice?.addEventListener('input', choose);
    slider.addEventListener('input', split);
    // The divider also follows a pointer on the images; the input stays what a keyboard moves.
    stage.addEventListener('pointerdown', (event) => {
      if (event.button === 0) stage.setPointerCapture(event.pointerId);
      follow(event);
    });
    const follow = (event: PointerEvent): void => {
      if (!stage.hasPointerCapture(event.pointerId)) return;
      const { left, width } = stage.getBoundingClientRect();
      slider.value = String(Math.round((100 * (event.clientX - left)) / width));
      split();
    };
    stage.addEventListener('pointermove', follow);
    box.hidden = false;
  }
}

const imageOf = (row: Element | null, kind: string): HTMLImageElement | null =>
  row?.querySelector<HTMLImageElement>(`figure.${kind} img`) ?? null;

/** What is written below an image. */
const nameOf = (image: HTMLImageElement): string =>
  image.closest('figure')?.querySelector('figcaption')?.textContent ?? '';

function copied(image: HTMLImageElement, name: string): HTMLImageElement {
  const copy = new Image();
  copy.src = image.src;
  copy.alt = '';
  copy.className = `${image.className} ${name}`;
  copy.draggable = false;
  if (image.dataset['size'] !== undefined) copy.dataset['size'] = image.dataset['size'];
  return copy;
}

function divider(): HTMLElement {
  const line = document.createElement('span');
  line.className = 'divider';
  return line;
}
