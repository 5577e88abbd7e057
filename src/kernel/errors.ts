/** Something the kernel, or its object file, would not do. */
export type KernelErrorCode =
  | 'layout' // the object and this program do not agree on the border
  | 'no-tier' // no way into this kernel
  | 'image-too-large'
  | 'no-free-slot'
  | 'no-image' // nothing is in force
  | 'no-shadow' // nothing decides in shadow
  | 'pins' // the BPF file system does not take them
  | 'pins-held' // another agent works on them
  | 'self-test';

export class SessionError extends Error {
  constructor(
    readonly code: KernelErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'SessionError';
  }
}
