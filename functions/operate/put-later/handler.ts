import { queueStage } from '../../../shared/stage.js'
import { fateLedger, putAllItems, thePublisher } from '../../wiring.js'
import { delayedEvent, putLater } from './put-later.js'

const publish = thePublisher()
const writer = { ledger: fateLedger(), putAll: putAllItems() }

/** Takes what was put off from its queue, each message after its own delay; only those that failed come back. */
export const handler = queueStage('put-later', delayedEvent, writer, (events) => putLater(publish, events))
