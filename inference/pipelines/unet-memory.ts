/**
 * Estimates of the memory that networks take per row, beside their weights.
 */

/** Of UNet2DConditionModel. */
interface UnetConfig {
  readonly down_block_types?: readonly string[];
  readonly block_out_channels?: readonly number[];
  readonly attention_head_dim?: number | readonly number[];
  readonly num_attention_heads?: number | readonly number[] | null;
}

/** Of a text encoder, per token and value of a state. */
const TEXT_STATE_BYTES = 200;

/** Bytes per row of a text encoder. @param length tokens @param width values of a state */
export const textRowBytes = (length: number, width: number): number => TEXT_STATE_BYTES * length * width;

/**
 * Bytes per row of a UNet: attention keeps two matrices of tokens x tokens per head, at the largest size that has
 * attention.
 *
 * @param config the UNet's config.json
 */
export function unetRowBytes(config: UnetConfig, height: number, width: number): number {
  const { down_block_types, block_out_channels, attention_head_dim, num_attention_heads } = config;
  const attends = (down_block_types?.[0] ?? 'Attn').includes('Attn');
  const tokens = (height * width) / (attends ? 1 : 4);
  const heads = [num_attention_heads ?? attention_head_dim ?? 8].flat()[attends ? 0 : 1] ?? 8;
  const channels = block_out_channels?.[0] ?? 320;
  return 8 * heads * tokens ** 2 + 80 * channels * height * width;
}
