/**
 * Estimate of the memory that a transformer with joint attention (FLUX, SD3) takes per row, beside its weights.
 */

/** Of FluxTransformer2DModel and SD3Transformer2DModel. */
export interface TransformerConfig {
  readonly num_attention_heads?: number;
  readonly attention_head_dim?: number;
}

/** Of FLUX.1. */
const USUAL: Required<TransformerConfig> = { num_attention_heads: 24, attention_head_dim: 128 };
const ATTENTION_BYTES = 8;
const STATE_BYTES = 100;

/**
 * Attention keeps two matrices of tokens x tokens per head; states, their projections and the wide layer are counted per
 * token. With ONNX Runtime 1.30 on the CPU, and 8 heads of 64, this is 2 % more than what FLUX and SD3 took at 1,024 pixels,
 * and 12 to 25 % more at 512 and 768.
 *
 * @param tokens of image and text together
 */
export function transformerRowBytes(config: TransformerConfig, tokens: number): number {
  const { num_attention_heads: heads, attention_head_dim: size } = { ...USUAL, ...config };
  return ATTENTION_BYTES * heads * tokens ** 2 + STATE_BYTES * heads * size * tokens;
}
