/**
 * A gate as a JUnit report: a test case per score, and one for the verdict as a whole.
 */
import type { GateResult, GateScore } from '../../contract/gate-result.js';

/** JUnit XML. An undecided score is a failure too: the gate is not passed. */
export function gateJunit(result: GateResult): string {
  const { verdict, reason, reference, candidate, scores, seconds } = result;
  const name = `${candidate.name} against ${reference.name}`;
  const cases = scores.map((score) => {
    const open = `    <testcase classname="qsched gate" name="${escaped(score.name)}" time="0">`;
    const what = sentence(score);
    if (score.state === 'passed') return `${open}\n      <system-out>${escaped(what)}</system-out>\n    </testcase>`;
    const type = score.state === 'failed' ? 'failed' : 'undecided';
    return `${open}\n      <failure type="${type}" message="${escaped(what)}"/>\n    </testcase>`;
  });
  const own = `    <testcase classname="qsched gate" name="verdict" time="${seconds.toFixed(3)}"`;
  const whole =
    verdict === 'passed'
      ? `${own}/>`
      : `${own}>\n      <failure type="${verdict}" message="${escaped(reason)}"/>\n    </testcase>`;
  const failures = scores.filter(({ state }) => state !== 'passed').length + (verdict === 'passed' ? 0 : 1);
  const counts = `tests="${scores.length + 1}" failures="${failures}" errors="0" skipped="0" time="${seconds.toFixed(3)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${escaped(name)}" ${counts}>`,
    ...cases,
    whole,
    '  </testsuite>',
    '</testsuites>',
  ].join('\n');
}

function sentence({ kind, better, estimate, low, high, margin, state }: GateScore): string {
  const bounds = low === null || high === null ? 'not tested at this look' : `${low.toFixed(4)} to ${high.toFixed(4)}`;
  const needs =
    kind === 'pointwise'
      ? `above ${(-margin).toFixed(4)}`
      : `${better === 'higher' ? 'above' : 'below'} ${margin.toFixed(4)}`;
  return `${state === 'open' ? 'undecided' : state}: ${estimate.toFixed(4)} (${bounds}), must be ${needs}`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text of an attribute or element; what XML 1.0 has no character for is left out. */
const escaped = (text: string): string =>
  text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"']/g, (one) => ENTITIES[one]!);
