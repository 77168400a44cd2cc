/**
 * A whole report: the documents of searches and tables, in the order in which they are named.
 */
import { RELEASE } from '../../contract/release.js';
import type { ReportDocument } from '../documents/report-document.js';

/** @param writtenAt when, for the reader */
export const reportOf = (parts: ReportDocument['parts'], writtenAt: Date): ReportDocument => ({
  format: 'qsched report',
  version: 1,
  release: RELEASE,
  writtenAt: writtenAt.toISOString(),
  parts,
});
