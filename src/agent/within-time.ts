export type TimedOutcome = { outcome: 'done' } | { outcome: 'failed'; error: unknown } | { outcome: 'too-late' };

/**
 * Runs an act and waits for it, but not longer than the milliseconds given; an act that is too late is not stopped.
 * Never rejects: for the steps of an end that must not keep the next step from its turn.
 */
export async function withinTime(milliseconds: number, act: () => Promise<void>): Promise<TimedOutcome> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<TimedOutcome>((resolve) => {
    timer = setTimeout(() => resolve({ outcome: 'too-late' }), milliseconds);
  });
  const ended = act().then(
    (): TimedOutcome => ({ outcome: 'done' }),
    (error: unknown): TimedOutcome => ({ outcome: 'failed', error }),
  );
  try {
    return await Promise.race([ended, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
