import { type Bug, one } from './bug.js'

const ROLL_BACK = 'functions/4-publish/publish-gold/roll-back.ts'
const WAY_BACK = 'functions/4-publish/publish-gold/way-back.ts'
const FOLLOW = 'functions/4-publish/publish-gold/follow.ts'
const EXPIRE = 'functions/4-publish/expire-editions/expire-editions.ts'
const PUBLISH = 'functions/4-publish/publish-gold/publish-gold.ts'
const PENDING = 'shared/pending.ts'
const BUILD = 'shared/build.ts'
const MOVE_ON = 'functions/3-transform/start-build/move-on.ts'

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
    '    if (await ledger.get(rollbackKey(asked.requestId))) return undefined\n',
    '',
  ),
  one(
    'a build that began before a rollback ends it',
    PUBLISH,
    "return isHeldBy(pointer?.rollback, edition) ? 'held' : 'next'",
    "return pointer?.rollback?.at === edition.begunAt ? 'held' : 'next'",
  ),
  one('an edition is given up though readers see it', EXPIRE, '!stays.has(editionName(one)) &&', ''),
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
  one(
    'what failed its tests after it was published stays where readers see it',
    PENDING,
    "if (!tested || run.gate !== 'failed') return []",
    'if (!tested || run.gate) return []',
  ),
  one(
    'readers are sent back to an edition that has failed too',
    WAY_BACK,
    'const before = good.find(',
    'const before = editions.find(',
  ),
  one(
    'an edition is published after its tests have failed',
    PUBLISH,
    "  if (edition.failedAt) return 'failed'\n",
    '',
  ),
  one(
    'tests of an edition that hold a good build back',
    ROLL_BACK,
    'const hold = isHold ? { holds: true, since: held.since ?? held.at } : { holds: false }',
    'const hold = { holds: true }',
  ),
  one(
    'a deployment forgets the tests of what is published',
    MOVE_ON,
    'return (tested && testsOf(tested, heir.domains)) ?? []',
    'return (tested && testsOf(tested, [])) ?? []',
  ),
  one(
    'one lane deletes the tables that another has still to test',
    BUILD,
    'if (database && !shared) await',
    'if (database) await',
  ),
  one(
    'what was read before its tests counts as read',
    BUILD,
    "  if (run.mode === 'fast') {",
    "  if (run.mode === 'fast' && base === 1_000) {",
  ),
]
