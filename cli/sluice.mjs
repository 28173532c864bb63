#!/usr/bin/env node
import { register } from 'tsx/esm/api'

// The SDK warns at every start that Node 20 is supported until January 2027; package.json says which Node it takes.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

register()
const { main } = await import('./main.ts')
process.exitCode = await main(process.argv.slice(2))
