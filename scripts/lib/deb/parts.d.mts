/** A file or a directory. */
export interface Part {
  /** In the checkout. */
  readonly from: string;
  /** In the package, without a slash before it. */
  readonly to: string;
}

export const HOME: string;
export const DOC: string;
export const PARTS: readonly Part[];
export function isPage(part: Part): boolean;
export function installedPage(text: string, part: Part): string;
