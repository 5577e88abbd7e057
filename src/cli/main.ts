/** What `bin/portcullis.js` runs: the command line of this process. */
import { commandLine } from './command-line.js';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader has seen enough, as in `portcullis limits | head`.
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
// The agent logs who asked by this name. The agent itself keeps its own, with its options.
if (process.argv[2] !== 'run') process.title = 'portcullis';
process.exitCode = await commandLine(process.argv.slice(2), process);
