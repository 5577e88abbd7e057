/** The page about faults as Markdown, from the text of their tests. */
export function faultsPage(source: string): string;
