export { privateDirectory, userCacheDir, userSocketDir, userSocketDirIfThere, userStateDir } from './directories.ts'
export { diskFactCache, inventoryIdOf } from './fact-cache.ts'
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
export { noteSilences, readSilences, type Silence, type Silences } from './silent-hosts.ts'
export { type KeptAnswer, openSourceMemory, type SourceMemory, sourcesFolder } from './source-cache.ts'
export { writeAtomic } from './write-atomic.ts'
