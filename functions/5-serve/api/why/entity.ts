import { silverPk } from '../../../../shared/cleanse.js'
import { laneReading } from '../../../../shared/declared.js'
import { laneName } from '../../../../shared/lane.js'
import { knownColumns } from '../../../../shared/schema/columns.js'
import { parkedSaid, unbuiltSaid } from './gold.js'
import { laneSaid } from './lane.js'
import { counted, type Said, say, type WhyEffects } from './said.js'

/** An entity: what is under way and what waits, its newest silver, and what of it is in no gold yet. */
export async function entitySaid({ ledger, project }: WhyEffects, entity: string): Promise<Said[]> {
  const sources = Object.entries(project.sources).flatMap(([source, { feeds }]) =>
    feeds.some((feed) => feed.entity === entity) ? [source] : [],
  )
  const fed = say(`${entity} is fed by ${sources.join(', ') || 'no declared source'}`)
  const [newest, lane, parked] = await Promise.all([
    ledger.query(silverPk(entity), { prefix: 'RUN#', limit: 1, newestFirst: true }),
    laneSaid(ledger, laneName('cleanse', entity)),
    parkedSaid(ledger, [entity]),
  ])
  const [last] = newest.items
  const silver = last
    ? [
        say(
          `its newest silver is ${counted(Number(last.rows), 'row')} of run ${last.runId}`,
          null,
          last.runId,
        ),
      ]
    : []
  const known = await knownColumns(ledger, entity)
  const columns = known.map(({ SK }) => SK.slice('COLUMN#'.length)).join(', ')
  const drift =
    known.length > 0 ? [say(`it was sent columns that its contract does not declare: ${columns}`)] : []
  const reading = laneReading(project, entity)
  const gold = reading
    ? await unbuiltSaid(ledger, laneName('build', reading.lane), entity)
    : [...(last ? [] : [say(`no silver of ${entity} is committed yet`)]), say('no dbt model reads it')]
  return [fed, ...lane, ...silver, ...drift, ...parked, ...gold]
}
