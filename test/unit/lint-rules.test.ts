/** The rules of the rooms: the linter's file is what the table says, and the linter enforces it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { LINT_RULES, withRooms } from '../../scripts/write-lint-rules.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('.oxlintrc.json', () => {
  it('is what scripts/write-lint-rules.ts writes', async () => {
    const written = readFileSync(LINT_RULES, 'utf8');
    expect(await withRooms(written)).toBe(written);
  });

  it('lets rooms import what the table allows, and nothing else', () => {
    const files: Readonly<Record<string, string>> = {
      'diffusion/good.ts':
        "import { a } from '../contract/errors.js';\nimport { b } from './other.js';\nexport { a, b };",
      'diffusion/other-room.ts': "import { a } from '../metrics/index.js';\nexport { a };",
      'diffusion/file.ts': "import { readFileSync } from 'node:fs';\nexport { readFileSync };",
      'diffusion/clock.ts': 'export const now = Date.now();',
      'planning/good.ts': "import { a } from '../inference/prompts/sets.js';\nexport { a };",
      'planning/models.ts': "import { a } from '../inference/models/model-folder.js';\nexport { a };",
      'workflows/search/good.ts':
        "import type { A } from '../../activities/index.js';\nimport { q } from '../../temporal/queues.js';\nexport const a: A = q;\nexport const now = Date.now();",
      'workflows/search/activity.ts': "import { a } from '../../activities/index.js';\nexport { a };",
      'workflows/search/server.ts': "import { a } from '../../temporal/server.js';\nexport { a };",
      'workflows/search/bytes.ts': "export const a = Buffer.from('a');",
      'cli/commands/activity.ts': "import { a } from '../../activities/index.js';\nexport { a };",
      'cli/index.ts': "import { a } from '../index.js';\nexport { a };",
    };
    const folder = mkdtempSync(join(tmpdir(), 'qsched-lint-'));
    try {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(join(folder, dirname(path)), { recursive: true });
        writeFileSync(join(folder, path), `${text}\n`);
      }
      writeFileSync(join(folder, '.oxlintrc.json'), readFileSync(LINT_RULES));
      expect(refused(folder)).toEqual(
        Object.keys(files)
          .filter((path) => !path.endsWith('good.ts'))
          .sort(),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** The files that the linter refuses, sorted. */
function refused(folder: string): string[] {
  const oxlint = join(ROOT, 'node_modules', '.bin', 'oxlint');
  let output: string;
  try {
    output = execFileSync(oxlint, ['--format', 'json'], { cwd: folder, encoding: 'utf8' });
  } catch (error) {
    output = (error as { stdout: string }).stdout;
  }
  const { diagnostics } = JSON.parse(output) as { diagnostics: readonly { code: string; filename: string }[] };
  const restricted = diagnostics.filter(({ code }) => code.includes('no-restricted'));
  return [...new Set(restricted.map(({ filename }) => filename))].sort();
}
