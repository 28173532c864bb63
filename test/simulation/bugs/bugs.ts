import { backfillBugs } from './backfill-bugs.js'
import { type Bug, one } from './bug.js'
import { compactionBugs } from './compaction-bugs.js'
import { editionBugs } from './edition-bugs.js'
import { waitBugs } from './wait-bugs.js'

/** Bugs that take hundreds of seeds or more: looked for in `npm run accept` only. */
export const RARE: readonly string[] = [
  'a weak read of an item',
  'a deployment forgets the tests of what is published',
  'an edition is published after its tests have failed',
  'one lane deletes the tables that another has still to test',
  'readers are sent back to an edition that has failed too',
]

const CLAIM = 'shared/claim.ts'
const LANE = 'shared/lane.ts'
const START = 'shared/start-run.ts'
const END = 'shared/end-run.ts'
const FAIL = 'shared/fail-run.ts'
const BOUNDS = 'shared/bounds.ts'
const LEDGER = 'shared/ledger-dynamo.ts'
const OBJECTS = 'shared/objects.ts'
const EXTRACT_END = 'shared/extract-end.ts'
const LANDING = 'functions/1-ingest/record-landing/record-landing.ts'
const DRIVE = 'functions/operate/reconcile/drive-run.ts'
const PUT_BACK = 'shared/put-back.ts'
const RECONCILE = 'functions/operate/reconcile/reconcile.ts'

const lane: Bug[] = [
  one(
    'two runs hold one lane',
    CLAIM,
    "since: iso(clock.now()) }, when: [absent('holder')] },",
    'since: iso(clock.now()) } },',
  ),
  {
    name: 'an entry is taken that another run has',
    planted: [
      { file: CLAIM, find: "SK: entry.SK }, when: [present('PK')] },", replace: 'SK: entry.SK } },' },
      {
        file: CLAIM,
        find: "set: { run: runId }, when: [absent('run')] },",
        replace: 'set: { run: runId } },',
      },
      { file: CLAIM, find: "when: [is('state', 'REPLAYED'), absent('into')],", replace: '' },
      {
        file: CLAIM,
        find: "since: iso(clock.now()) }, when: [absent('holder')] },",
        replace: 'since: iso(clock.now()) } },',
      },
    ],
  },
  one(
    'more entries than a transaction holds',
    CLAIM,
    'Math.floor((TRANSACTION_WRITES_MAX - 2 - others.length) / WRITES_PER_ENTRY)',
    'entries.length',
  ),
  one(
    'two builds of one domain after a deployment',
    CLAIM,
    "...others.map((other): Write => ({ check: holdKey(other), when: [absent('holder')] })),",
    '',
  ),
  one('no memory of a landing', LANE, "waitSk: SK }, when: [absent('PK')] },", 'waitSk: SK } },'),
  one(
    'a lane that nobody registered',
    LANE,
    "  await ledger.write({ put: item, when: [absent('PK')] })\n",
    '  void [ledger, item]\n',
  ),
]

const start: Bug[] = [
  one(
    'a retry that does not look for the running job',
    START,
    '  const found = await effects.find(run)\n  if (found) return link(effects, run, found, FOUND_ASKED_SECONDS)\n  const failed = ',
    '  const failed = ',
  ),
  one(
    'a job before its plan',
    START,
    '  await effects.plans.writeOnce(`${attemptPath(run.runId, run.attempt)}plan.json`, plan.plan)\n  const started = await launch(effects, run, engine, prepared?.since)\n',
    '  const started = await launch(effects, run, engine, prepared?.since)\n  await effects.plans.writeOnce(`${attemptPath(run.runId, run.attempt)}plan.json`, plan.plan)\n',
  ),
  one(
    'an intent that was not won',
    START,
    "      when: stillAt('READY', run.attempt),\n    }),\n    ...(run.waitingSk",
    '      when: [],\n    }),\n    ...(run.waitingSk',
  ),
  one(
    'a link that comes after the end',
    START,
    "dueSeconds,\n      when: [...stillAt('RUNNING', run.attempt), unlinked],",
    'dueSeconds,\n      when: [],',
  ),
  one('a task without a token', 'shared/tasks.ts', '  return {\n    clientToken,\n', '  return {\n'),
  one('a job whose end nobody asks after', START, '      dueSeconds,\n', "      dueSeconds: 'never',\n"),
]

const end: Bug[] = [
  one(
    'a late end of an old attempt counts',
    END,
    "if (run.state !== 'RUNNING' || run.attempt !== attempt)",
    "if (run.state !== 'RUNNING')",
  ),
  one(
    'a failed attempt is repeated whatever its run does by now',
    FAIL,
    "    when: [...stillAt('RUNNING', run.attempt), ...when],\n    ...(delaySeconds",
    '    when: [],\n    ...(delaySeconds',
  ),
  one(
    'told before it is committed',
    END,
    '    const { writes, shown } = await effects.commit(run)\n',
    '    const early = effects.outcome(run)\n    if (early) await effects.publish([early])\n    const { writes, shown } = await effects.commit(run)\n',
  ),
  one(
    'copied before it is decided',
    END,
    "  await effects.ledger.write(\n    moveRun(effects.clock, runId, 'COMMITTING'",
    "  await effects.commit(run)\n  await effects.ledger.write(\n    moveRun(effects.clock, runId, 'COMMITTING'",
  ),
  one(
    'the lane is freed apart from the end',
    END,
    '      release(run.lane, runId),\n      ...writes,\n    )\n',
    '      ...writes,\n    )\n    await effects.ledger.write(release(run.lane, runId))\n',
  ),
  one(
    'the producer ends the telling',
    END,
    '  if (outcome.length > 0 && run.duePk) await effects.publish(outcome)\n',
    "  if (outcome.length > 0 && run.duePk) {\n    await effects.publish(outcome)\n    const when = stillAt('COMMITTED', run.attempt)\n    await effects.ledger.write({ update: runKey(runId), remove: ['duePk', 'dueAt'], when })\n  }\n",
  ),
  one(
    'two files of a run under one key',
    'shared/cleanse.ts',
    'silverKey(entity, day, run.runId, ordinal), day,',
    'silverKey(entity, day, run.runId, 0), day,',
  ),
  one('a state that nobody looks after: READY', BOUNDS, '  READY: 60,\n', "  READY: 'never',\n"),
  one(
    'a state that nobody looks after: COMMITTING',
    BOUNDS,
    '  COMMITTING: 240,\n',
    "  COMMITTING: 'never',\n",
  ),
]

const extractions: Bug[] = [
  one(
    'a window moves the cursor',
    EXTRACT_END,
    'writes: run.window ? [] : [moveCursor(',
    'writes: [moveCursor(',
  ),
  one(
    'the cursor moves before its run has ended',
    EXTRACT_END,
    'return { writes: run.window ? [] : [moveCursor(run, await cursorOf(effects, run))] }',
    'if (!run.window) await effects.ledger.write(moveCursor(run, await cursorOf(effects, run)))\n      return { writes: [] }',
  ),
  one(
    'an extraction that begins anew each time',
    'functions/1-ingest/start-extract/start-extract.ts',
    'stateUri: asked.window ? null : (state?.stateUri ?? null) }',
    'stateUri: null }',
  ),
  one('a window beside other requests', 'shared/waiting.ts', 'item.waiver || item.alone', 'item.waiver'),
]

const around: Bug[] = [
  one(
    'an incident forgets the run that joined it',
    'shared/alerts/open.ts',
    '} else if (await join(effects, known, finding)) {',
    '} else if (known.state) {',
  ),
  {
    name: 'rejected rows are put back twice',
    planted: [
      {
        file: PUT_BACK,
        find: "rejectedOf: runId }, when: [absent('PK')] },",
        replace: 'rejectedOf: runId } },',
      },
      {
        file: PUT_BACK,
        find: "when: [is('state', 'COMMITTED'), present('quarantinedPk')],",
        replace: "when: [is('state', 'COMMITTED')],",
      },
    ],
  },
  one(
    'a weak read of an item',
    LEDGER,
    'Key: keyOf(key), ConsistentRead: true',
    'Key: keyOf(key), ConsistentRead: false',
  ),
  one(
    'a weak read of what waits',
    LEDGER,
    '    ConsistentRead: true,\n    KeyConditionExpression',
    '    ConsistentRead: false,\n    KeyConditionExpression',
  ),
  one(
    'only the newest version of a key is listed',
    OBJECTS,
    '(answer.Versions ?? []).map(',
    '(answer.Versions ?? []).filter((one, place, all) => all.findIndex(({ Key }) => Key === one.Key) === place).map(',
  ),
  one(
    'two identities of one landing',
    LANDING,
    'key: object.key, ...version }',
    'key: object.key, ...version, versionId: versionId ?? event.id }',
  ),
  one(
    'a landing that failed is not given back',
    LANDING,
    '      failed.set(position, error)\n    }\n  })',
    '      void error\n    }\n  })',
  ),
  one(
    'the fate of a landing is not recorded',
    'shared/stage.ts',
    '    await writer.putAll(done)\n',
    '    void done\n',
  ),
  {
    name: 'the reconciler lists nothing',
    planted: [
      { file: RECONCILE, find: "(await findLandings(effects).catch(failed('landings')))", replace: '0' },
      { file: RECONCILE, find: "(await sweepLandings(effects).catch(failed('sweep')))", replace: '0' },
    ],
  },
  one(
    'a job that is not known yet is lost',
    DRIVE,
    'if (known.ended === LOST && run.unknown !== run.attempt) return',
    'if (known.ended === LOST && run.attempt === 0) return',
  ),
  one(
    'the reconciler takes the telling for the hearing',
    DRIVE,
    'return records.every((record) => record !== undefined)',
    'return records.length >= 0',
  ),
  one(
    'a run that is not parked is put back',
    PUT_BACK,
    "when: [is('state', 'PARKED'), ...when],",
    'when: [...when],',
  ),
]

export const bugs: readonly Bug[] = [
  ...lane,
  ...start,
  ...end,
  ...extractions,
  ...backfillBugs,
  ...waitBugs,
  ...compactionBugs,
  ...editionBugs,
  ...around,
]
