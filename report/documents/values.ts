/**
 * Values that documents share.
 */
import { z } from 'zod';

/** A mean with its 95 % interval; bounds are null where it has none. */
export const interval = z.object({ value: z.number(), low: z.number().nullable(), high: z.number().nullable() });

/** Scale factors per step; 1 leaves the scheduler as it is. */
export const coefficients = z.object({ sample: z.array(z.number()).readonly(), noise: z.array(z.number()).readonly() });

/** An image in a data URI (file) or an address of this server (page); or why it cannot be shown. */
export const imageSource = z.union([z.object({ src: z.string() }), z.object({ missing: z.string() })]);
export type ImageSource = z.infer<typeof imageSource>;
