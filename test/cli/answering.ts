import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest'

export interface Terminal {
  /** What the API answers. */
  answer: { status: number; body: unknown }
  /** What it was asked. */
  asked: { path: string; token: string | undefined; method: string; body: string }[]
  out: string
  err: string
}

/** An API that answers what a test says, and what the command line writes; both afresh for each test. */
export function terminal(): Terminal {
  const state: Terminal = { answer: { status: 200, body: {} }, asked: [], out: '', err: '' }
  const server = createServer(async (request, response) => {
    const { url = '', method = '' } = request
    let body = ''
    for await (const chunk of request) body += chunk
    state.asked.push({ path: url, token: request.headers.authorization, method, body })
    const { answer } = state
    response.writeHead(answer.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer.body))
  })
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
  afterAll(() => new Promise((resolve) => server.close(resolve)))
  beforeEach(() => {
    const { port } = server.address() as AddressInfo
    vi.stubEnv('SLUICE_API_URL', `http://127.0.0.1:${port}/`)
    vi.stubEnv('SLUICE_API_TOKEN', 'token')
    vi.stubEnv('SLUICE_BRONZE_BUCKET', 'bronze')
    Object.assign(state, { answer: { status: 200, body: {} }, asked: [], out: '', err: '' })
    capture('stdout', (text) => {
      state.out += text
    })
    capture('stderr', (text) => {
      state.err += text
    })
  })
  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
  })
  return state
}

function capture(stream: 'stdout' | 'stderr', keep: (text: string) => void): void {
  vi.spyOn(process[stream], 'write').mockImplementation((text) => {
    keep(String(text))
    return true
  })
}
