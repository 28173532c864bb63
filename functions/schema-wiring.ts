import { iso, systemClock } from '../shared/clock.js'
import { env } from '../shared/env.js'
import type { Ledger } from '../shared/ledger.js'
import { ledgerRegistry, type SchemaRegistry } from '../shared/schema/registry.js'
import { glueRegistry } from '../shared/schema/registry-glue.js'

/** Where the stage keeps the versions of its schemas: in Glue's registry of the stack's name, or in the ledger. */
export const schemaRegistry = (ledger: Ledger): SchemaRegistry =>
  env.SCHEMA_REGISTRY === 'glue'
    ? glueRegistry(env.BUS_NAME)
    : ledgerRegistry(ledger, () => iso(systemClock.now()))
