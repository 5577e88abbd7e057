/** What `bin/portcullis.js` runs: the command line of this process. */
import { commandLine } from './command-line.js';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader has seen enough, as in `portcullis limits | head`.
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
process.exitCode = await commandLine(process.argv.slice(2), process);
