import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { Servers } from '../../../tools/start/servers.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const servers = new Servers(root)
afterEach(() => servers.stop())

describe('the servers of the first run', () => {
  it('are started on free ports, say where they serve, and are gone after the run', async () => {
    const { url } = await servers.start('rest', '--port', '0', '--key', 'some-key')
    const asked = `${url}/prices?symbol=IBM&from=2020-01-01&to=2020-01-03&apikey=some-key`
    expect(await (await fetch(asked)).json()).toHaveLength(3)
    await servers.stop()
    await expect(fetch(asked)).rejects.toThrow()
  })

  it('say why there is none when one does not start', async () => {
    await expect(servers.start('rest', '--nonsense')).rejects.toThrow('rest ended with 2')
  })

  it('answer as somebody else’s API, and 404 to what it does not know', async () => {
    const url = await servers.answer((path, bearer) => (path === '/jobs/7' ? { bearer } : undefined))
    const answer = await fetch(`${url}/jobs/7`, { headers: { authorization: 'Bearer some-token' } })
    expect(await answer.json()).toEqual({ bearer: 'some-token' })
    expect((await fetch(`${url}/jobs/8`)).status).toBe(404)
  })
})
