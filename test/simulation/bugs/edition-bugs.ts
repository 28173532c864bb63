import type { Bug } from './bugs.js'

const PUBLISH = 'functions/4-publish/publish-gold/publish-gold.ts'
const one = (name: string, file: string, find: string, replace: string): Bug => ({
  name,
  planted: [{ file, find, replace }],
})

/** Bugs of what moves a domain's pointer, and of what follows it. */
export const editionBugs: readonly Bug[] = [
  one(
    'an old edition over a newer one',
    PUBLISH,
    '(pointer && pointer.newest >= edition.ordinal)',
    '(pointer && pointer.ordinal === edition.ordinal)',
  ),
]
