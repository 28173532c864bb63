import {
  BackfillMoved,
  BackfillRequested,
  BuildRequested,
  CompactionRequested,
  type EventName,
  ExpiryRequested,
  ExtractRequested,
  ForgetRequested,
  ReplayRequested,
  RetryRequested,
  RollbackRequested,
  RunApproved,
} from '../events/catalog.js'
import {
  BACKFILL_DUE_SECONDS,
  DUE_SECONDS,
  FOLLOWED_WITHIN_SECONDS,
  JOB_ASKED_SECONDS,
  SYNC_CONFIRMED_AGAIN_SECONDS,
  SYNC_CONFIRMED_SECONDS,
  SYNC_HEARD_AGAIN_SECONDS,
  SYNC_HEARD_SECONDS,
  TOKEN_SECONDS,
  UNHEARD_SECONDS,
} from './bounds.js'

/** What the loss of an event costs, as tables: `docs/failures.md` is made from them. */

interface Bound {
  state: string
  lateSeconds: number
  does: string
}

/** What is late, and what the reconciler does about it: the table of the page. */
export const BOUNDS: readonly Bound[] = [
  { state: 'a landing without its event', lateSeconds: 0, does: 'lets the file join its lane' },
  { state: 'a lane without holder in which something waits', lateSeconds: 0, does: 'claims it' },
  { state: '`FILLING`', lateSeconds: DUE_SECONDS.FILLING, does: 'seals the run with what it has' },
  { state: '`READY`', lateSeconds: DUE_SECONDS.READY, does: 'starts the run' },
  { state: '`READY`, waiting for Glue', lateSeconds: TOKEN_SECONDS, does: 'tries again, in its old place' },
  {
    state: '`RUNNING` without a job',
    lateSeconds: DUE_SECONDS.RUNNING,
    does: 'looks for the job or repeats the request, which finds it',
  },
  {
    state: '`RUNNING` with a job',
    lateSeconds: JOB_ASKED_SECONDS,
    does: 'asks ECS, Glue or the dbt platform; takes the end in, or asks again later',
  },
  { state: '`COMMITTING`', lateSeconds: DUE_SECONDS.COMMITTING, does: 'goes on with the commit' },
  {
    state: '`COMMITTED`, not heard by every consumer',
    lateSeconds: DUE_SECONDS.COMMITTED,
    does: 'announces it again',
  },
  {
    state:
      '`PARKED`, in no incident; or its edition has failed its tests and nobody has recorded what came of it',
    lateSeconds: DUE_SECONDS.PARKED,
    does: 'announces it again',
  },
  {
    state: 'a finished sync, not heard by every consumer',
    lateSeconds: SYNC_HEARD_SECONDS,
    does: `tells it again, then every ${SYNC_HEARD_AGAIN_SECONDS} s`,
  },
  {
    state: 'a sync that its source has to confirm',
    lateSeconds: SYNC_CONFIRMED_SECONDS,
    does: `asks again, then every ${SYNC_CONFIRMED_AGAIN_SECONDS} s for a day`,
  },
  { state: 'a sync of Airbyte without its notice', lateSeconds: 0, does: 'finds it in the list of jobs' },
  {
    state: 'a backfill that nobody has moved',
    lateSeconds: BACKFILL_DUE_SECONDS,
    does: 'takes in what became of its chunks, asks again for those that nobody has heard of, lets others go',
  },
  {
    state: 'a rollback whose tables have not followed its pointer',
    lateSeconds: FOLLOWED_WITHIN_SECONDS,
    does: 'asks for it again',
  },
  {
    state: 'files that a compaction has replaced, the grace of their readers being over',
    lateSeconds: 0,
    does: 'deletes them, or looks again when somebody older may read them',
  },
  {
    state: 'an incident, or its end, of which nobody has told people',
    lateSeconds: UNHEARD_SECONDS,
    does: '`raise-alert` tells of it again, in a look of its own',
  },
  {
    state: 'data that is late, missing or odd, in no incident',
    lateSeconds: 0,
    does: '`check-health` tells of it again, in a look of its own',
  },
]

interface Request {
  event: EventName
  /** What becomes of it when its event is lost before any stage has it. */
  lost: string
}

/** What a person, or a schedule, asks for with one event: whether one that is lost is repeated. The table of the page. */
export const REQUESTS: readonly Request[] = [
  { event: RetryRequested.name, lost: 'not repeated: the run stays `PARKED`, and its incident open' },
  { event: RunApproved.name, lost: 'not repeated: the run stays `PARKED`, and its incident open' },
  { event: ReplayRequested.name, lost: 'not repeated: the rows, or the file, stay in quarantine' },
  {
    event: RollbackRequested.name,
    lost: 'of a person not repeated: readers see the edition that they saw. Of failed tests repeated until each domain has its record',
  },
  {
    event: ForgetRequested.name,
    lost: 'not repeated: nothing is deleted, and the subject that was kept for its job goes after 30 days',
  },
  {
    event: BuildRequested.name,
    lost: 'of a person not repeated. A schedule asks anew by its next time; after a deletion it is repeated until the lane has it',
  },
  {
    event: ExtractRequested.name,
    lost: 'of a person not repeated. A schedule asks anew by its next time; a backfill repeats it until its chunk runs',
  },
  {
    event: CompactionRequested.name,
    lost: 'not repeated: the next night compacts what is there then',
  },
  {
    event: ExpiryRequested.name,
    lost: 'not repeated: the next night lets go of what may go then',
  },
  {
    event: BackfillRequested.name,
    lost: 'found by the reconciler: the backfill stands in the ledger before its event is put',
  },
  {
    event: BackfillMoved.name,
    lost: 'found by the reconciler: a pause, a resumption or a cancellation stands in the ledger before its event is put',
  },
]
