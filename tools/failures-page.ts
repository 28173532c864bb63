import { failureClasses } from '../events/catalog.js'
import { JOB_SECONDS_MAX, PASS, PASS_SECONDS } from '../shared/bounds.js'
import { BOUNDS, REQUESTS } from '../shared/late.js'
import { FAILURES_MAX, POLICIES } from '../shared/policies.js'

/** The page `docs/failures.md`: what is done about each way in which work fails, and how soon a lost event is found. */
export function failuresPage(): string {
  return `# What is done about failures

<!-- Generated from shared/policies.ts, bounds.ts and late.ts by \`npm run generate\`: change it there. -->

Every attempt that fails has a class, read from what ECS, Glue or the job itself said. The class says how often an attempt
of one run may fail in this way, how long the run rests before the next, and what that gets which this one had not. A run
whose tries are spent is **parked**: its lane is free, its inputs are kept, and an incident names class and reason. In all
a run has at most ${FAILURES_MAX} failed attempts. Glue at its concurrency limit is no failure: the run waits in a queue, and the end of
any Glue run wakes the first that waits.

| class | means | failures until parked | rest before the next | the next gets | when parked, a person asks |
|---|---|---|---|---|---|
${failureClasses.map(line).join('\n')}

A rest is a bound from below: the reconciler starts a run that is due within the five minutes after.

## What a lost event costs

The reconciler looks every five minutes at what is late: at a run, or at anything else that rests in the ledger until
somebody goes on with it. It is late when it has rested in a state longer than this:

| state | late after | then the reconciler | worst case |
|---|---|---|---|
${BOUNDS.map(bound).join('\n')}

A job that does not end is given up after ${JOB_SECONDS_MAX.duckdb / 60} minutes on ECS and ${JOB_SECONDS_MAX.spark / 60} on Glue; an extraction and a
job of the dbt platform after ${JOB_SECONDS_MAX.dlt / 60}, also when its service says nothing any more. A pass lists the bronze hours
since the last complete listing, at least ${PASS.hoursMin} and at most ${PASS.hoursMax}, and the next ${PASS.swept} versions of the whole bucket:
what lies under an undeclared source or an older hour is found in a time that grows with the bucket.

## What a lost request costs

A person's request is one event, and the API answers when EventBridge has it, which tries for a day to deliver it. One that
no stage could do lies in a dead-letter queue, whose alarm opens an incident. One that is lost all the same is seen by
whoever asked: \`npx sluice why <event id>\`, which the answer names, finds no record of it.

| request | when its event is lost |
|---|---|
${REQUESTS.map(({ event, lost }) => `| ${event} | ${lost} |`).join('\n')}
`
}

function bound({ state, lateSeconds, does }: (typeof BOUNDS)[number]): string {
  const worst = ((lateSeconds + PASS_SECONDS) / 60).toFixed(0)
  return `| ${state} | ${lateSeconds} s | ${does} | ${worst} min |`
}

function line(failureClass: (typeof failureClasses)[number]): string {
  const { attempts, delaySeconds, next, means, person, parkedAs } = POLICIES[failureClass]
  const rests = attempts === 1 ? '' : delaySeconds.map(inWords).join(', ')
  const after = parkedAs ? `${attempts}, as \`${parkedAs}\`` : attempts
  return `| \`${failureClass}\` | ${means} | ${after} | ${rests} | ${next ?? ''} | ${person} |`
}

const inWords = (seconds: number) => (seconds === 0 ? 'none' : `${seconds} s`)
