/** Rows that the denoisers of a thread computed, without padding, and rows of their padded calls. */
export const denoiserRows = { computed: 0, padded: 0 };
