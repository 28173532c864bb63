import { chain } from '../events/chain.js'
import type { Row, Trigger } from '../events/row.js'
import { plannedOf } from '../events/schedules.js'
import { project } from '../shared/declared.js'

/** The page `docs/chain.md`: the chain as a picture and as a table. */
export function chainPage(): string {
  return `# The chain

<!-- Generated from events/chain.ts by \`npm run generate\`: change it there. -->

Every stage, in the order in which data flows. A stage wakes on an event, decides, writes its decision into the ledger
and acts; nothing waits in between.

\`\`\`mermaid
flowchart TD
${edges().join('\n')}
\`\`\`

| phase | stage | on | does | starts | emits |
|---|---|---|---|---|---|
${chain.map(line).join('\n')}

## What the clock asks for

EventBridge Scheduler puts each of these on our bus, where its stage hears it like any other event. The scheduled time
stands in the request's id, so that a schedule which fires twice asks once.

| schedule | when | time zone | event |
|---|---|---|---|
${planned.map(scheduleLine).join('\n')}

## What each stage may touch

The role of each function is made from these words; \`events/rights.ts\` spells them out in IAM's.

| stage | may |
|---|---|
${chain.map(({ stage, may }) => `| \`${stage}\` | ${may.join(', ')} |`).join('\n')}
`
}

const planned = plannedOf(project)
const scheduleLine = ({ name, when, event, detail }: (typeof planned)[number]) => {
  const { requestId: _, by: __, ...asked } = detail as Record<string, unknown>
  const rule = when.cron ? `cron(${when.cron})` : `rate(${when.rate})`
  return `| ${name} | \`${rule}\` | ${when.timeZone} | ${event} \`${JSON.stringify(asked)}\` |`
}

function edges(): string[] {
  const lines = new Set<string>(['  S3[("bronze")] -- Object Created --> record-landing'])
  for (const row of chain) {
    for (const work of row.starts ?? []) lines.add(`  ${row.stage} -. runs .-> ${id(work)}["${work}"]`)
    for (const trigger of row.on) for (const edge of into(row, trigger)) lines.add(edge)
  }
  return [...lines]
}

function into(row: Row, trigger: Trigger): string[] {
  if ('ended' in trigger) return [`  ${id(trigger.ended)} -- ended --> ${row.stage}`]
  if ('everyMinutes' in trigger)
    return [`  clock(["every ${trigger.everyMinutes} minutes"]) --> ${row.stage}`]
  if ('alarm' in trigger) return [`  alarms(["dead-letter alarms"]) --> ${row.stage}`]
  if ('http' in trigger) return [`  caller(["HTTP"]) --> ${row.stage}`]
  if ('landing' in trigger) return []
  if ('queue' in trigger) return [`  later[("later queue")] --> ${row.stage}`]
  if ('schedules' in trigger) return [`  schedules(["schedules of ${trigger.schedules}"]) --> ${row.stage}`]
  const from = chain.filter(({ emits, stage }) => emits?.includes(trigger.event) && stage !== 'reconcile')
  return from.map(({ stage }) => `  ${stage} -- ${trigger.event} --> ${row.stage}`)
}

const id = (work: string) => work.replaceAll(' ', '_')

function line(row: Row): string {
  const on = row.on.map(described).join(', ')
  const list = (items: readonly string[] | undefined) => (items ?? []).join(', ')
  return `| ${row.phase} | \`${row.stage}\` | ${on} | ${row.does} | ${list(row.starts)} | ${list(row.emits)} |`
}

function described(trigger: Trigger): string {
  if ('event' in trigger) return trigger.event
  if ('ended' in trigger) return `end of the ${trigger.ended}`
  if ('alarm' in trigger) return `alarm on ${trigger.alarm}`
  if ('everyMinutes' in trigger) return `every ${trigger.everyMinutes} minutes`
  if ('http' in trigger) return trigger.http.map((route) => `\`${route}\``).join(', ')
  if ('schedules' in trigger) return `schedules of ${trigger.schedules}`
  if ('queue' in trigger) return 'what was put off, through a queue'
  return 'S3 Object Created in bronze, through a queue'
}
