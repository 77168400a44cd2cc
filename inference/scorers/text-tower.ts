/**
 * The text side of a CLIP: captions to embeddings, the latest ones remembered.
 */
import { join } from 'node:path';
import { ByteCache } from '../models/byte-cache.js';
import { loadClipTokenizer } from '../models/clip-tokenizer.js';
import { sharedSession } from '../models/network-pool.js';
import type { SessionOptions } from '../models/runtime-session.js';

const REMEMBERED_BYTES = 64 * 1024 * 1024;

/** Embeds captions. */
export interface TextTower {
  /** One embedding per text, as the network gives it. */
  embed(texts: readonly string[]): Promise<Float32Array[]>;
  release(): Promise<void>;
}

/** Opens text_model.onnx and the tokenizer of a folder. */
export async function openTextTower(folder: string, options: SessionOptions): Promise<TextTower> {
  const tokenizer = loadClipTokenizer(folder);
  const session = await sharedSession(join(folder, 'text_model.onnx'), options);
  const remembered = new ByteCache(REMEMBERED_BYTES);
  return {
    async embed(texts) {
      const found = new Map<string, Float32Array>();
      for (const text of texts) {
        const known = remembered.get(text);
        if (known !== undefined) found.set(text, known);
      }
      const fresh = [...new Set(texts)].filter((text) => !found.has(text));
      const rows = await session.run(
        fresh,
        (slice) => ({ input_ids: { rows: tokenizer.encode(slice), shape: [tokenizer.length] } }),
        'text_embeds',
      );
      fresh.forEach((text, i) => {
        const row = rows[i]!.slice(); // a view would keep its whole batch in memory
        remembered.set(text, row);
        found.set(text, row);
      });
      return texts.map((text) => found.get(text)!);
    },
    release: () => session.release(),
  };
}
