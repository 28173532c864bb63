import type { Evidence, Invariant } from '../evidence.js'
import { answeringRun, changesOf, type Item, isLive, partitions } from './reading.js'

/** The closed list of what can have become of a landed file version. */
type Fate = 'waiting' | 'in run' | 'committed' | 'parked' | 'quarantined' | 'ignored'

/** Every fate that the ledger gives a file, each derived by itself: exactly one is right. */
function fatesOf(ledger: readonly Item[], file: Item): (Fate | string)[] {
  const fates: string[] = []
  if (file.lane) fates.push(fateInLane(ledger, file))
  const refused = file.quarantinedPk || (file.quarantined && !file.lane)
  if (refused) fates.push(file.reason ? 'quarantined' : 'quarantined without a reason')
  if (file.ignored) fates.push(file.reason ? 'ignored' : 'ignored without a reason')
  return fates
}

function fateInLane(ledger: readonly Item[], file: Item): string {
  const run = answeringRun(ledger, file)
  if (run === 'waiting') return 'waiting'
  if (run === 'lost') return 'in a run that does not exist'
  if (run.lane !== file.lane) return `in a run of ${run.lane}, though it joined ${file.lane}`
  if (isLive(run)) return 'in run'
  return String(run.state).toLowerCase()
}

const FATES: string[] = [
  'waiting',
  'in run',
  'committed',
  'parked',
  'quarantined',
  'ignored',
] satisfies Fate[]
const AT_REST: string[] = ['committed', 'parked', 'quarantined', 'ignored'] satisfies Fate[]
const named = ({ key, versionId }: Item) => `${key}@${versionId}`

const oneFate: Invariant = {
  name: 'each known file version has exactly one fate out of the closed list',
  when: 'step',
  check: (evidence) =>
    changesOf(evidence).flatMap(({ after }) => {
      if (!after?.PK.startsWith('FILE#') || after.SK !== 'META') return []
      const fates = fatesOf(evidence.ledger, after)
      return fates.length === 1 && FATES.includes(fates[0] as string)
        ? []
        : [`${named(after)} is ${fates.join(' and ') || 'nothing that is known'}`]
    }),
}

const isFile = ({ PK, SK }: Item) => PK.startsWith('FILE#') && SK === 'META'
const knownFiles = (ledger: readonly Item[]) => partitions(ledger, 'FILE#').filter(isFile)

const everyFileIsKnown: Invariant = {
  name: 'every landed file version is known once, and no other',
  when: 'rest',
  check: ({ ledger, landed }) => {
    const count = new Map<string, number>()
    for (const file of knownFiles(ledger)) {
      const id = `${file.bucket}/${named(file)}`
      count.set(id, (count.get(id) ?? 0) + 1)
    }
    const real = new Set(landed.map((file) => `${file.bucket}/${named(file)}`))
    return [
      ...[...real].flatMap((id) => {
        const items = count.get(id) ?? 0
        return items === 1 ? [] : [`${id} is known ${items} times`]
      }),
      ...[...count.keys()].filter((id) => !real.has(id)).map((id) => `${id} never landed`),
    ]
  },
}

const fatesAtRest: Invariant = {
  name: 'at rest every file is committed, parked, quarantined, or ignored with a reason',
  when: 'rest',
  check: ({ ledger }) =>
    knownFiles(ledger).flatMap((file) => {
      const fates = fatesOf(ledger, file)
      return fates.length === 1 && AT_REST.includes(fates[0] as string)
        ? []
        : [`${named(file)} rests ${fates.join(' and ') || 'without a fate'}`]
    }),
}

const declaredFilesAreTaken: Invariant = {
  name: 'a file goes to the lane of its source’s entity, and to quarantine only when nobody declares it',
  when: 'rest',
  check: ({ ledger, landed, project }: Evidence) => {
    const files = new Map(knownFiles(ledger).map((file) => [named(file), file]))
    return landed.flatMap(({ source, key, versionId }) => {
      const file = files.get(`${key}@${versionId}`)
      const entity = source === null ? undefined : project.sources[source]?.feeds[0]?.entity
      if (!file?.lane) return file?.quarantined && entity ? [`${key} of ${source} is in quarantine`] : []
      return file.lane === `cleanse:${entity}` ? [] : [`${key} of ${source} is in ${file.lane}`]
    })
  },
}

export const fateInvariants: readonly Invariant[] = [
  oneFate,
  everyFileIsKnown,
  fatesAtRest,
  declaredFilesAreTaken,
]
