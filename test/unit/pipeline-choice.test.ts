/** Size, guidance, negative prompt and sequence length: from a spec to the wire, to ids and to flags. */
import { describe, expect, test } from 'vitest';
import { searchIdOf, evaluateIdOf } from '../../contract/content-id.js';
import { pipelineChoice, pipelineFlags, pipelineOptions, samePipeline } from '../../contract/pipeline-choice.js';
import { parseSearchSpec } from '../../contract/validate.js';
import { size } from '../../cli/input/values.js';

describe('options of a pipeline', () => {
  test('cross the wire without what is left out', () => {
    expect(pipelineOptions({})).toEqual({});
    expect(pipelineOptions({ size: 512 })).toEqual({ height: 512, width: 512 });
    expect(pipelineOptions({ size: [768, 1024], guidance: 0, negativePrompt: '', sequenceLength: 256 })).toEqual({
      height: 768,
      width: 1024,
      guidance: 0,
      negativePrompt: '',
      sequenceLength: 256,
    });
  });

  test('are compared by what they mean', () => {
    expect(samePipeline({ size: 512 }, { size: [512, 512] })).toBe(true);
    expect(samePipeline({}, { guidance: 1 })).toBe(false);
    expect(pipelineChoice({ size: 64, guidance: undefined })).toEqual({ size: 64 });
  });

  test('are written as flags, and read again', () => {
    expect(pipelineFlags({ size: [768, 1024], guidance: 7.5, negativePrompt: 'a "b"' })).toBe(
      ' --size 768x1024 --guidance 7.5 --negative-prompt "a \\"b\\""',
    );
    expect(pipelineFlags({})).toBe('');
    expect(size('768x1024')).toEqual([768, 1024]);
    expect(size('512')).toBe(512);
    expect(size('large')).toBe('large');
  });

  test('change an id only where they are given', () => {
    const spec = { model: 'shapes' };
    expect(searchIdOf(parseSearchSpec(spec))).toBe(searchIdOf(spec));
    const ids = [spec, { ...spec, size: 64 }, { ...spec, guidance: 1 }, { ...spec, negativePrompt: '' }].map(
      searchIdOf,
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(evaluateIdOf({ rows: [spec] })).not.toBe(evaluateIdOf({ rows: [{ ...spec, size: 64 }] }));
  });

  test.each([
    [{ size: 4 }, 'size'],
    [{ size: [64] }, 'size'],
    [{ size: '64' }, 'size'],
    [{ guidance: -1 }, 'guidance'],
    [{ sequenceLength: 2.5 }, 'sequenceLength'],
  ])('of another form are refused by name: %j', (fields, field) => {
    expect(() => parseSearchSpec({ model: 'shapes', ...fields })).toThrow(field);
  });
});
