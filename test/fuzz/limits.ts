/** What one input may cost. Past either, the input is a finding. */
export const limits = {
  /** Milliseconds of work that an input may take. One that takes longer is tried again in a fresh thread. */
  inputMilliseconds: 1_000,
  /** Milliseconds by the clock after which an input hangs. Many times as long, for busy machines. */
  hangMilliseconds: 10_000,
  /** Mebibytes of JavaScript heap of the thread that runs the inputs. */
  heapMebibytes: 512,
  /** Mebibytes of buffers outside that heap that one input may leave behind. */
  bufferMebibytes: 512,
  /** Milliseconds that making one finding smaller may take. */
  minimiseMilliseconds: 10_000,
  /** Findings after which a run ends. */
  findings: 20,
} as const;
