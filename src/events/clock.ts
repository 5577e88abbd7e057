/** Turns the kernel's times, nanoseconds since boot with suspended time included, into dates. */
import { isoText } from './iso-text.js';

export interface BootClock {
  /** As ISO 8601 in UTC, to the millisecond. */
  iso(nanosecondsSinceBoot: bigint): string;
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

  iso(nanosecondsSinceBoot: bigint): string {
    return isoText(this.#wallAt + Number(nanosecondsSinceBoot - this.#bootAt) / 1e6);
  }

  /** Nanoseconds since the epoch, as the fields of times have them. */
  epoch(nanosecondsSinceBoot: bigint): bigint {
    return BigInt(this.#wallAt) * 1_000_000n + nanosecondsSinceBoot - this.#bootAt;
  }

  /** Nanoseconds since boot. */
  boot(): bigint {
    return this.#boot();
  }

  /** The wall clock, in the same form. */
  isoNow(): string {
    return isoText(this.#wall());
  }
}
