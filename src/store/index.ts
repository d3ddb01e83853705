export { privateDirectory, userCacheDir, userSocketDir, userSocketDirIfThere, userStateDir } from './directories.ts'
export { type CachedFacts, type CacheReading, type FactCache, inventoryIdOf, openFactCache } from './fact-cache.ts'
export {
  allJournals,
  type Journal,
  type JournalFile,
  type JournalHead,
  journalsOf,
  lastWritten,
  listJournals,
  newRun,
  openJournal,
  readEvents,
} from './journal.ts'
export { type KeptAnswer, openSourceMemory, type SourceMemory, sourcesFolder } from './source-cache.ts'
export { writeAtomic } from './write-atomic.ts'
