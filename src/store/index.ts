export { privateDirectory, userCacheDir, userSocketDir, userSocketDirIfThere, userStateDir } from './directories.ts'
export { type CachedFacts, type CacheReading, type FactCache, inventoryIdOf, openFactCache } from './fact-cache.ts'
export { writeAtomic } from './write-atomic.ts'
