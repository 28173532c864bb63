import { describe, it } from 'vitest'
import { drop } from '../../fakes/project.js'
import { forget, goodWorld, id, item, put, SILVER_KEY, type World } from './good-world.js'
import { objects, type Wrong } from './judging.js'

const set = (pk: string, values: object, sk?: string) => (world: World) =>
  Object.assign(item(world, pk, sk), values)
const silver = (values: object) => (world: World) =>
  world.silver.set(SILVER_KEY, { runId: 'c1', attempt: 1, rows: [id(2)], ...values })
const rejects =
  (...lines: number[]) =>
  (world: World) =>
    world.quarantine.set('q1', {
      runId: 'c1',
      attempt: 1,
      rows: lines.map((line) => ({ id: id(line), reason: 'range' })),
    })
const report = (values: object) => (world: World) =>
  Object.assign(world.artifacts.get('runs/c1/attempt=1/report.json'), values)
const plan = (inputs: object[]) => (world: World) =>
  world.artifacts.set('runs/c1/attempt=1/plan.json', { inputs })
/** A second committed cleanse that took the same file. */
function twice(world: World): void {
  const run = item(world, 'RUN#c1')
  put(world, { ...run, PK: 'RUN#c2', runId: 'c2' })
  put(world, { ...item(world, 'RUN#c1', 'IN#FILE#f1'), PK: 'RUN#c2' })
  world.silver.set('entity=x/c2-0', { runId: 'c2', attempt: 1, rows: [id(2)] })
}

const fates: Wrong[] = [
  [
    'each known file version has exactly one fate out of the closed list',
    'committed and quarantined',
    set('FILE#f1', { quarantinedPk: 'all', quarantinedAt: 'x', reason: 'y' }),
  ],
  [
    'each known file version has exactly one fate out of the closed list',
    'nothing that is known',
    (world) => {
      delete item(world, 'FILE#f1').lane
    },
  ],
  [
    'each known file version has exactly one fate out of the closed list',
    'in a run that does not exist',
    set('FILE#f1', { run: 'c9' }),
  ],
  [
    'each known file version has exactly one fate out of the closed list',
    'quarantined without a reason',
    set('FILE#f3', { reason: '' }),
  ],
  [
    'each known file version has exactly one fate out of the closed list',
    'in a run of cleanse:transactions, though it joined cleanse:market_data',
    set('FILE#f1', { run: 'p1' }),
  ],
  [
    'every landed file version is known once, and no other',
    'source=prices/f1.json@v1 is known 0 times',
    (world) => forget(world, 'FILE#f1'),
  ],
  [
    'every landed file version is known once, and no other',
    'source=prices/f1.json@v1 is known 2 times',
    (world) => put(world, { ...item(world, 'FILE#f1'), PK: 'FILE#f8' }),
  ],
  [
    'every landed file version is known once, and no other',
    'f1.json@v2 never landed',
    set('FILE#f1', { versionId: 'v2' }),
  ],
  [
    'at rest every file is committed, parked, quarantined, or ignored with a reason',
    'f1.json@v1 rests waiting',
    (world) => {
      delete item(world, 'FILE#f1').run
    },
  ],
  [
    'a file goes to the lane of its source’s entity, and to quarantine only when nobody declares it',
    'is in cleanse:transactions',
    set('FILE#f1', { lane: 'cleanse:transactions' }),
  ],
  [
    'a file goes to the lane of its source’s entity, and to quarantine only when nobody declares it',
    'f3.json of nobody is in quarantine',
    (world) => {
      world.project.sources.nobody = drop('nobody', 'market_data')
    },
  ],
]

const rows: Wrong[] = [
  [
    'each row of a committed file is in silver, a duplicate, or rejected',
    `row ${id(3)} is nowhere`,
    rejects(),
  ],
  [
    'each row of a committed file is in silver, a duplicate, or rejected',
    `row ${id(2)} is nowhere`,
    silver({ rows: [] }),
  ],
  [
    'each row of a committed file is in silver, a duplicate, or rejected',
    `in silver and rejected: ${id(2)}`,
    rejects(2, 3),
  ],
  [
    'of the rows of one key in a batch the newest goes to silver, alone',
    'have one key and are all in silver',
    silver({ rows: [id(1), id(2)] }),
  ],
  ['of the rows of one key in a batch the newest goes to silver, alone', 'of its key landed later', laterRow],
  [
    'exactly the rows that the contract rejects are rejected',
    `good rows are rejected: ${id(1)}`,
    rejects(1, 3),
  ],
  [
    'exactly the rows that the contract rejects are rejected',
    `bad rows are not rejected: ${id(3)}`,
    silver({ rows: [id(2), id(3)] }),
    rejects(),
  ],
  [
    'silver and quarantine hold only rows of what the run took, each once',
    'of no file that it took: strange#1',
    silver({ rows: [id(2), 'strange#1'] }),
  ],
  [
    'silver and quarantine hold only rows of what the run took, each once',
    `there twice: ${id(2)}`,
    silver({ rows: [id(2), id(2)] }),
  ],
  [
    'rows in = silver + duplicates + rejected, and the report says so',
    '1 rows are duplicates, the report says 0',
    report({ rows: { in: 3, out: 1, rejected: 1, duplicates: 0 } }),
  ],
  [
    'rows in = silver + duplicates + rejected, and the report says so',
    'left no report',
    (world) => world.artifacts.delete('runs/c1/attempt=1/report.json'),
  ],
  ['no row is in silver by two runs', `row ${id(2)} is in silver by c1 and by c2`, twice],
  [
    'no file version and no put-back is taken by two committed runs',
    'source=prices/f1.json@v1 was taken by c1 and by c2',
    twice,
  ],
  [
    'the accepted attempt read exactly what its run took',
    'it took source=prices/f1.json@v1 and did not read it',
    plan([]),
  ],
  [
    'the accepted attempt read exactly what its run took',
    'it read other@v1 and did not take it',
    plan([{ key: 'other', version_id: 'v1' }]),
  ],
]

/** A file of the same batch that landed later and has a row of the key that is in silver. */
function laterRow(world: World): void {
  const later = {
    bucket: 'bronze',
    key: 'source=prices/f4.json',
    versionId: 'v1',
    bytes: 1,
    source: 'prices',
  }
  const landed = [
    ...goodWorld().landed,
    { ...later, landedAt: '2026-03-02T11:00:00.000Z', rows: [{ line: 1, key: 'a', bad: false }] },
  ]
  world.landed = landed
  world.rowsOf = (key) => landed.find((one) => one.key === key)?.rows ?? []
  put(world, { PK: 'RUN#c1', SK: 'IN#FILE#f4', input: later })
}

const silvers: Wrong[] = [
  [
    'no silver object changes once it is written',
    `${SILVER_KEY} of attempt 1 was overwritten by attempt 2`,
    silver({ attempt: 2 }),
  ],
  [
    'a silver file goes only when a committed compaction has replaced it and its grace is over',
    `${SILVER_KEY} is gone, and nothing has replaced it`,
    (world) => world.silver.delete(SILVER_KEY),
  ],
  [
    'only the accepted attempt of a run that commits writes to silver',
    'run c1, which is COMMITTED at attempt 1',
    silver({ attempt: 2 }),
  ],
  [
    'only the accepted attempt of a run that commits writes to silver',
    'run p1, which is PARKED',
    (world) => world.silver.set('entity=x/p', { runId: 'p1', attempt: 1, rows: [] }),
  ],
  [
    'silver is numbered without a gap, and a number never changes',
    'counts 2, and no run has that number',
    set('SILVER#market_data', { count: 2 }, 'HEAD'),
  ],
  [
    'silver is numbered without a gap, and a number never changes',
    'RUN#0000000002 is beyond its count',
    (world) => put(world, { PK: 'SILVER#market_data', SK: 'RUN#0000000002', runId: 'c2' }),
  ],
  [
    'silver is numbered without a gap, and a number never changes',
    'RUN#0000000001 was c1',
    set('SILVER#market_data', { runId: 'c2' }, 'RUN#0000000001'),
  ],
  [
    'silver is numbered without a gap, and a number never changes',
    'RUN#0000000001 is gone',
    (world) => forget(world, 'SILVER#market_data', 'RUN#0000000001'),
  ],
  [
    'the numbered runs of silver are exactly the committed ones',
    'run c1 of market_data is listed in nothing',
    (world) => forget(world, 'SILVER#market_data', 'RUN#0000000001'),
  ],
  [
    'the numbered runs of silver are exactly the committed ones',
    'run p1 is listed in silver and not committed',
    (world) => put(world, { PK: 'SILVER#transactions', SK: 'RUN#0000000001', runId: 'p1' }),
  ],
  [
    'the numbered runs of silver are exactly the committed ones',
    'SILVER#market_data counts 2',
    set('SILVER#market_data', { count: 2 }, 'HEAD'),
  ],
  [
    'silver holds exactly the files of the committed attempts, and never another’s',
    'run c1 wrote 1 files, silver has 0',
    (world) => world.silver.delete(SILVER_KEY),
  ],
  [
    'silver holds exactly the files of the committed attempts, and never another’s',
    'which is PARKED at attempt 1',
    (world) => world.silver.set('entity=x/p', { runId: 'p1', attempt: 1, rows: [] }),
  ],
  [
    'silver holds exactly the files of the committed attempts, and never another’s',
    'reported 1 rows, silver has 0',
    silver({ rows: [] }),
  ],
]

describe.each([
  ['files', fates],
  ['rows', rows],
  ['silver', silvers],
])('the invariants of %s', (_, wrongs) => {
  it.each(wrongs)('%s: %s', (...wrong) => objects(wrong))
})
