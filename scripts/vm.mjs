#!/usr/bin/env node
import { build } from './lib/build.mjs';
import { runMain, say } from './lib/process.mjs';
import { setUp } from './lib/setup.mjs';
import { explainFailure, runInVm } from './lib/vm.mjs';
// npm run vm -- [OPTION...] -- COMMAND...: runs a command in a virtual machine with the built project inside.
import { readVmOptions, USAGE } from './lib/vm-options.mjs';

await runMain(async () => {
  const options = readVmOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  await setUp(['build', 'bpftool', `kernel-${options.kernel}`]);
  await build({ report: 'changes' });
  const streams = { out: process.stdout, err: process.stderr };
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(name, () => stop.abort());
  const result = await runInVm({
    ...options,
    signal: stop.signal,
    onOutput: (channel, chunk) => streams[channel].write(chunk),
  });
  const failure = explainFailure(result);
  if (failure !== undefined) say(failure);
  return result.status;
});
