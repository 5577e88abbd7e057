/** Turns the kernel's times, nanoseconds since boot with suspended time included, into dates. */
export interface BootClock {
  date(nanosecondsSinceBoot: bigint): Date;
}

/**
 * A clock over the two clocks it needs. The distance between them is taken anew at every call of `align`, since the
 * wall clock is stepped and slewed: call it once a batch.
 */
export class AlignedClock implements BootClock {
  readonly #boot: () => bigint;
  readonly #wall: () => number;
  #bootAt = 0n;
  #wallAt = 0;

  /** `boot`: nanoseconds since boot. `wall`: milliseconds since the epoch. */
  constructor(boot: () => bigint, wall: () => number = Date.now) {
    this.#boot = boot;
    this.#wall = wall;
    this.align();
  }

  align(): void {
    this.#bootAt = this.#boot();
    this.#wallAt = this.#wall();
  }

  date(nanosecondsSinceBoot: bigint): Date {
    return new Date(this.#wallAt + Number(nanosecondsSinceBoot - this.#bootAt) / 1e6);
  }

  /** Nanoseconds since the epoch, as the fields of times have them. */
  epoch(nanosecondsSinceBoot: bigint): bigint {
    return BigInt(this.#wallAt) * 1_000_000n + nanosecondsSinceBoot - this.#bootAt;
  }

  /** Nanoseconds since boot. */
  boot(): bigint {
    return this.#boot();
  }

  now(): Date {
    return new Date(this.#wall());
  }

  /** Seconds that have passed since a time of the kernel. */
  secondsSince(nanosecondsSinceBoot: bigint): number {
    return Number(this.#boot() - nanosecondsSinceBoot) / 1e9;
  }
}
