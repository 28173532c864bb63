import * as z from 'zod'
import { jobStateChange, taskStateChange, tick } from '../../events/aws.js'
import {
  BatchReady,
  BuildReady,
  BuildRequested,
  CompactionReady,
  CompactionRequested,
  ExpiryRequested,
  ExtractReady,
  ExtractRequested,
  envelope,
  GoldPublished,
  IncidentClosed,
  IncidentOpened,
  LaneSettled,
  PlatformJobEnded,
  ReplayRequested,
  RetryRequested,
  RunApproved,
  SilverUpdated,
  SyncFinished,
} from '../../events/catalog.js'

/** What each stage reads of its events, as its `handler.ts` says; made once for all instances of all seeds. */
export const batch = envelope(BatchReady)
export const build = envelope(BuildReady)
export const expiry = envelope(ExpiryRequested)
export const published = envelope(GoldPublished)

const oneOf = <const Events extends Parameters<typeof z.discriminatedUnion>[1]>(...events: Events) =>
  z.discriminatedUnion('detail-type', events)

export const builds = oneOf(envelope(SilverUpdated), envelope(SyncFinished), envelope(BuildRequested))
export const extracts = oneOf(envelope(ExtractRequested), envelope(ExtractReady))
export const extractEnds = oneOf(taskStateChange, envelope(PlatformJobEnded))
export const ends = oneOf(taskStateChange, jobStateChange)
export const compactions = oneOf(envelope(CompactionRequested), envelope(CompactionReady))
export const warming = oneOf(published, tick)
export const closings = oneOf(envelope(SyncFinished), envelope(LaneSettled))
export const incidents = oneOf(envelope(IncidentOpened), envelope(IncidentClosed))
export const requests = oneOf(envelope(RetryRequested), envelope(RunApproved), envelope(ReplayRequested))
