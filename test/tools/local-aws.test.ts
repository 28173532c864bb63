import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startLocalAws } from '../../tools/start/local-aws.js'

test('a local AWS that never gets ready is stopped, so that whoever started it can end', async () => {
  const root = mkdtempSync(join(tmpdir(), 'sluice-silent-'))
  try {
    const pidFile = join(root, 'pid')
    mkdirSync(join(root, '.venv', 'bin'), { recursive: true })
    const silent = `#!/bin/sh\necho $$ > ${pidFile}\nexec sleep 600\n`
    writeFileSync(join(root, '.venv', 'bin', 'python'), silent, { mode: 0o755 })
    const options = { port: 0, padSeconds: 0, state: root, readySeconds: 3 }
    await expect(startLocalAws(root, options)).rejects.toThrow('the local AWS did not start within 3 s')
    expect(() => process.kill(Number(readFileSync(pidFile, 'utf8')), 0)).toThrow('ESRCH')
  } finally {
    rmSync(root, { recursive: true })
  }
})
