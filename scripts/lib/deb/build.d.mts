// Types of build.mjs, for tests.

export interface DebOptions {
  /** Where it goes; default build/. */
  readonly directory?: string;
  /** Default: that of package.json. */
  readonly version?: string;
  /** Seconds since 1970, the latest time of any file in it; default: sourceDateEpoch(). */
  readonly epoch?: number;
}

/** Builds the Debian package from what is built already; resolves to its path. */
export function buildDeb(options?: DebOptions): Promise<string>;

/** The time of the sources in seconds since 1970: SOURCE_DATE_EPOCH, else that of the last commit. */
export function sourceDateEpoch(): Promise<number>;
