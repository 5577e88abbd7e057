export function bothPages(): Promise<{ before: string; after: string }>;
export function writePage(): Promise<void>;
