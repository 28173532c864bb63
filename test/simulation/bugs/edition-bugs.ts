import { type Bug, one } from './bug.js'

const ROLL_BACK = 'functions/4-publish/publish-gold/roll-back.ts'
const FOLLOW = 'functions/4-publish/publish-gold/follow.ts'
const EXPIRE = 'functions/4-publish/expire-editions/expire-editions.ts'
const PUBLISH = 'functions/4-publish/publish-gold/publish-gold.ts'

/** Bugs of what moves a domain's pointer, and of what follows it. */
export const editionBugs: readonly Bug[] = [
  one(
    'an old edition over a newer one',
    PUBLISH,
    '(pointer && pointer.newest >= edition.ordinal)',
    '(pointer && pointer.ordinal === edition.ordinal)',
  ),
  one(
    'catalog tables are ordered by the age of their edition',
    FOLLOW,
    'effects.tables.put(goldTable(dataset, edition, flip)),',
    'effects.tables.put(goldTable(dataset, edition, Number(shown.ordinal))),',
  ),
  one(
    'a rollback moves the pointer as often as it is asked for',
    ROLL_BACK,
    '    if (await ledger.get(rollbackKey(requestId))) return undefined\n',
    '',
  ),
  one(
    'a build that began before a rollback ends it',
    PUBLISH,
    "return holds && edition.begunAt && edition.begunAt < at ? 'held' : 'next'",
    "return holds && at === edition.begunAt ? 'held' : 'next'",
  ),
  one('an edition is given up though readers see it', EXPIRE, 'editionName(one) !== shown &&', ''),
  one(
    'files go as soon as their edition is given up',
    EXPIRE,
    'retiredAt && isOver(effects, retiredAt, effects.retention.graceSeconds)',
    'retiredAt && isOver(effects, retiredAt, 0)',
  ),
  one(
    'a rollback whose maker died is left to itself',
    ROLL_BACK,
    '    const due = { duePk: INDEXED, dueAt: dueAt(clock, FOLLOWED_WITHIN_SECONDS) }\n',
    '    const due = { moved: INDEXED, by: dueAt(clock, FOLLOWED_WITHIN_SECONDS) }\n',
  ),
]
