import * as z from 'zod'
import { approveBody, replayBody, retryBody, rollbackBody } from '../../functions/5-serve/api/bodies.js'
import { compactBody } from '../../functions/5-serve/api/compactions.js'
import { forgetBody } from '../../functions/5-serve/api/forget.js'
import { askBody, backfillBody, buildBody, extractBody } from '../../functions/5-serve/api/intake-bodies.js'
import {
  backfillQuery,
  backfillsQuery,
  diffQuery,
  editionsQuery,
  incidentsQuery,
  qualityQuery,
  quarantineQuery,
  rejectedQuery,
  runsQuery,
  whyQuery,
} from '../../functions/5-serve/api/queries.js'
import { airbyteMessage, airbyteSync, anyObject, dbtRun, flatSync } from '../../shared/doors/bodies.js'
import * as answer from './answers.js'

/** One route as the document tells it. */
export interface Described {
  summary: string
  description?: string
  query?: z.ZodObject
  body?: z.ZodType
  answers: Record<number, { what: string; shape: z.ZodType }>
  /** Who may ask; the bearer token when absent. */
  security?: Record<string, string[]>[]
}

const ok = (what: string, shape: z.ZodType = answer.view) => ({ 200: { what, shape } })
const taken = (what: string) => ({ 202: { what, shape: answer.accepted } })
const missing = { 404: { what: 'There is none of that name.', shape: answer.problem } }
const badQuery = { 400: { what: 'A parameter is wrong; `problems` name it.', shape: answer.problem } }
export const command = {
  404: missing[404],
  409: { what: 'Its state does not allow it.', shape: answer.problem },
  413: { what: 'The body is too long.', shape: answer.problem },
  422: { what: 'The body is wrong; `problems` name the fields.', shape: answer.problem },
}

/** What is asked for by an event, whose stage looks again. */
const demanded = (summary: string, body: z.ZodType): Described => ({
  ...{ summary, body },
  answers: { ...taken('Asked for.'), ...command },
})

const tooSlow = { what: 'The comparison takes longer than an answer may.', shape: answer.problem }
const webhookBody = z.union([airbyteSync, airbyteMessage, flatSync, dbtRun, anyObject])
const webhook = (how: string, security: Described['security']): Described => ({
  summary: `Tells of a finished or failed sync of a source, ${how}.`,
  description:
    'The body is what the source’s kind sends: Airbyte’s notice, the flat shape, a dbt platform message, or whatever ' +
    'the source file maps. The sender is verified on the raw bytes before anything is read.',
  body: webhookBody,
  security,
  answers: {
    200: { what: 'Seen, and nothing to do: a failed sync, a test message, a duplicate.', shape: answer.seen },
    202: { what: 'Taken.', shape: answer.taken },
    401: { what: 'Not verified, or no such source.', shape: answer.refused },
    413: { what: 'The body is larger than the source takes.', shape: answer.problem },
    415: { what: 'The body is not sent as JSON.', shape: answer.problem },
    422: { what: 'The body is none that the source sends.', shape: answer.unreadable },
    429: { what: 'More requests than the source declares, or than the API takes.', shape: answer.view },
    503: { what: 'Something is away: send it again.', shape: answer.problem },
  },
})

const asked = (summary: string): Described => ({
  summary,
  body: askBody,
  answers: { ...taken('Asked for.'), ...command },
})

/** What the document says of each route of the chain. */
export const described: Record<string, Described> = {
  'POST /webhooks/{source}': webhook('with a header or a signature', [
    { doorKey: [] },
    { dbtSignature: [] },
    {},
  ]),
  'POST /webhooks/{source}/{key}': webhook('with a key in the path', [{}]),
  'GET /openapi.json': { summary: 'This document.', security: [{}], answers: ok('The document.') },
  'GET /status': { summary: 'What is under way and what waits.', answers: ok('Lanes and domains.') },
  'GET /runs': {
    summary: 'Runs, newest first.',
    query: runsQuery,
    answers: { ...ok('A page of runs.'), ...badQuery },
  },
  'GET /runs/{id}': { summary: 'One run.', answers: { ...ok('The run.'), ...missing } },
  'GET /syncs/{id}': {
    summary: 'What became of a sync.',
    answers: { ...ok('The sync.', answer.sync), ...missing },
  },
  'GET /datasets': { summary: 'The datasets of gold.', answers: ok('The datasets.') },
  'GET /incidents': {
    summary: 'What people were told of.',
    query: incidentsQuery,
    answers: { ...ok('A page of incidents.'), ...badQuery },
  },
  'GET /health': { summary: 'How the data is, as it is asked.', answers: ok('The findings.', answer.health) },
  'GET /quality/{domain}': {
    summary: 'A score for each build of a domain, newest first, and what of its data is processed.',
    query: qualityQuery,
    answers: { ...ok('A page of builds.', answer.quality), ...badQuery, ...missing },
  },
  'GET /dashboards': { summary: 'What is precomputed for dashboards.', answers: ok('The dashboards.') },
  'GET /dashboards/{dashboard}': {
    summary: 'What a dashboard reads, of the edition that its domain shows.',
    description:
      'The answer has an ETag; a request with If-None-Match costs next to nothing while nothing is new.',
    answers: {
      ...ok('The rows.', answer.dashboard),
      304: { what: 'The caller has them.', shape: answer.nothing },
      ...missing,
    },
  },
  'GET /quarantine': {
    summary: 'Files that no entity takes, and runs with rejected rows.',
    query: quarantineQuery,
    answers: { ...ok('A page of them.'), ...badQuery },
  },
  'GET /quarantine/{runId}': {
    summary: 'Rejected rows of a run.',
    query: rejectedQuery,
    answers: { ...ok('A page of rows.'), ...badQuery, ...missing },
  },
  'GET /why': {
    summary: 'Why something is where it is, in sentences.',
    query: whyQuery,
    answers: { ...ok('The sentences.'), ...badQuery, ...missing },
  },
  'GET /gold/{domain}/{dataset}': {
    summary: 'Rows of a dataset; filters are columns of it.',
    answers: { ...ok('A page of rows.'), ...badQuery, ...missing },
  },
  'POST /runs/{id}/retry': demanded('Puts a parked run back.', retryBody),
  'POST /runs/{id}/approve': demanded('Lets a run through that its gate held back.', approveBody),
  'POST /quarantine/replay': demanded('Puts rejected rows or an unknown file back.', replayBody),
  'GET /backfills': {
    summary: 'Backfills, newest first.',
    query: backfillsQuery,
    answers: { ...ok('A page of backfills.'), ...badQuery },
  },
  'GET /backfills/{id}': {
    summary: 'One backfill with a page of its chunks.',
    query: backfillQuery,
    answers: { ...ok('The backfill.'), ...badQuery, ...missing },
  },
  'POST /backfills': {
    summary: 'Extracts a range of days again, in chunks; with `dryRun` only says what that would be.',
    body: backfillBody,
    answers: { ...ok('What it would do.'), ...taken('Begun.'), ...command },
  },
  'POST /backfills/{id}/pause': asked('Begins no further chunk.'),
  'POST /backfills/{id}/resume': asked('Goes on with a paused backfill.'),
  'POST /backfills/{id}/cancel': asked('Ends a backfill; chunks under way end by themselves.'),
  'POST /sources/{source}/extract': demanded('Extracts what is new of a source, or one window.', extractBody),
  'GET /domains/{domain}/editions': {
    summary: 'The editions of a domain, newest first.',
    query: editionsQuery,
    answers: { ...ok('A page of editions.', answer.editions), ...badQuery, ...missing },
  },
  'GET /domains/{domain}/diff': {
    summary: 'What changed between two editions; the rows of the dataset that is named.',
    query: diffQuery,
    answers: {
      ...ok('What changed.', answer.diff),
      ...badQuery,
      ...missing,
      409: command[409],
      504: tooSlow,
    },
  },
  'POST /domains/{domain}/rollback': demanded('Shows an earlier edition again.', rollbackBody),
  'POST /entities/{entity}/forget': {
    ...{ summary: 'Deletes what is known of one subject, and builds anew what reads it.', body: forgetBody },
    answers: { ...taken('Asked for.'), ...command },
  },
  'POST /entities/{entity}/compact': {
    ...{ summary: 'Puts small silver files together, or says what it would do.', body: compactBody },
    answers: { ...ok('What it would do.'), ...taken('Asked for.'), ...command },
  },
  'POST /domains/{domain}/build': demanded('Builds a domain.', buildBody),
}
