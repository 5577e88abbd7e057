export { JournalDirectory } from './files.js';
export { Journal, type JournalChange, type JournalCounts } from './journal.js';
export { type JournalLine, JournalReader, type ReadCounts, type ReadOptions, readJournal } from './reader.js';
export { type SyncPolicy, syncPolicies } from './writer.js';
