/**
 * Two images over each other with a divider: a range input, so that it works by keyboard, by touch and by mouse.
 * Without this script the images stand beside each other, as they still do below it.
 */
import { find } from './find.js';

/** Shows the slider of every `[data-compare]` whose two images are there. */
export function offerComparisons(within: ParentNode): void {
  for (const box of within.querySelectorAll<HTMLElement>('[data-compare]')) {
    const row = box.parentElement;
    const [before, after] = [imageOf(row, 'identity'), imageOf(row, 'calibrated')];
    if (before === null || after === null) continue;
    const stage = find(box, '.stage', HTMLElement);
    stage.replaceChildren(copied(before, 'before'), copied(after, 'after'), divider());
    const slider = find(box, 'input', HTMLInputElement);
    const split = (): void => {
      const share = Number(slider.value);
      stage.style.setProperty('--split', `${share}%`);
      slider.setAttribute('aria-valuetext', `${share} % baseline, ${100 - share} % finalist`);
    };
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
    split();
    box.hidden = false;
  }
}

const imageOf = (row: Element | null, name: string): HTMLImageElement | null =>
  row?.querySelector<HTMLImageElement>(`figure.${name} img`) ?? null;

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
