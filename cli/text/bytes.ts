/**
 * Sizes, as people write and read them.
 */
import { QschedError } from '../../contract/errors.js';

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** `10GB`, `1.5 GiB` or `500000` as bytes. @throws QschedError (usage) that names the flag */
export function parseBytes(flag: string, text: string): number {
  const [, number = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const factor = UNITS[unit.toLowerCase()];
  if (number === '' || factor === undefined) {
    throw new QschedError('usage', `${flag} is "${text}", which is not a size.`, `For example: ${flag} 10GB`);
  }
  return Math.floor(Number(number) * factor);
}

/** `512 bytes`, `1.5 MB`, `12.3 GB` */
export function formatBytes(bytes: number): string {
  if (bytes < 1e3) return `${bytes} bytes`;
  const [unit, factor] = bytes < 1e6 ? ['KB', 1e3] : bytes < 1e9 ? ['MB', 1e6] : ['GB', 1e9];
  return `${(bytes / Number(factor)).toFixed(1)} ${unit}`;
}
