/**
 * Widths of charts in pixels. A chart across the page is drawn twice, since text must be readable on a telephone too.
 */

export const WIDE = 860;
export const NARROW = 340;
/** Two of these stand beside each other on a wide page. */
export const HALF = 410;
/** And three of these. */
export const THIRD = 285;
