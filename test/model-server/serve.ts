/**
 * The test server as a command: node --import tsx test/model-server/serve.ts MODEL, listening on QSCHED_SERVER_ADDRESS. Its
 * process id is a line of the file QSCHED_TEST_PIDS, so that a test can kill it.
 */
import { appendFileSync } from 'node:fs';
import { readAddress } from '../../inference/served/address.js';
import { createModelServer, describeFolder } from './model-server.js';

const [model] = process.argv.slice(2);
const at = readAddress(process.env['QSCHED_SERVER_ADDRESS'] ?? '');
if (model === undefined || at === undefined) {
  process.stderr.write('usage: QSCHED_SERVER_ADDRESS=unix:/path node --import tsx test/model-server/serve.ts MODEL\n');
  process.exit(2);
}
const { server } = createModelServer(model, await describeFolder(model));
server.listen('socketPath' in at ? at.socketPath : at.port, () => {
  const pids = process.env['QSCHED_TEST_PIDS'];
  if (pids !== undefined) appendFileSync(pids, `${process.pid}\n`);
  process.stderr.write(`serving ${model} (process ${process.pid})\n`);
});
process.once('SIGTERM', () => process.exit(0));
// Closed when the process that started this one ends, however it ends.
process.stdin.on('end', () => process.exit(0)).resume();
