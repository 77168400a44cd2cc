/**
 * Small images whose size the page did not know when it was written are shown with square pixels, as the others are.
 */

/** Pixels of a side; as in report/page/image.tsx. */
const SMALL = 160;

/** Marks every `img[data-size]` that is small, as soon as it is there. */
export function showPixels(within: ParentNode): void {
  for (const image of within.querySelectorAll<HTMLImageElement>('img[data-size]')) {
    const mark = (): void => {
      image.classList.toggle('small', image.naturalWidth > 0 && image.naturalWidth <= SMALL);
    };
    if (image.complete) mark();
    image.addEventListener('load', mark);
  }
}
