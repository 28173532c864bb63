import { createSocket } from 'node:dgram'
import { afterEach, describe, expect, test } from 'vitest'
import { annotate, subsegment } from '../../shared/trace.js'

const HEADER = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1'
const TIME = { from: 1_700_000_000_000, to: 1_700_000_000_250 }

describe('the subsegment of an invocation', () => {
  test('hangs on the segment that Lambda sends, and carries what it worked on', () => {
    expect(
      subsegment(HEADER, 'start-cleanse', TIME, { correlation_id: 'door-1', run_id: undefined }),
    ).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      name: 'start-cleanse',
      type: 'subsegment',
      trace_id: '1-5759e988-bd862e3fe1be46a994272793',
      parent_id: '53995c3f42cd8ad8',
      start_time: 1_700_000_000,
      end_time: 1_700_000_000.25,
      annotations: { correlation_id: 'door-1' },
    })
  })

  test.each([
    ['a trace that is not sampled', HEADER.replace('Sampled=1', 'Sampled=0'), { correlation_id: 'a' }],
    ['no trace', undefined, { correlation_id: 'a' }],
    [
      'a trace without a parent',
      'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1',
      { correlation_id: 'a' },
    ],
    ['nothing to say', HEADER, { correlation_id: undefined }],
  ])('is none for %s', (_, header, annotations) => {
    expect(subsegment(header, 'x', TIME, annotations)).toBeUndefined()
  })
})

describe('the daemon', () => {
  const before = { ...process.env }
  afterEach(() => {
    process.env = { ...before }
  })

  test('gets one datagram: a header, then the document', async () => {
    const daemon = createSocket('udp4')
    await new Promise<void>((resolve) => daemon.bind(0, '127.0.0.1', resolve))
    const heard = new Promise<string>((resolve) => daemon.once('message', (text) => resolve(text.toString())))
    process.env.AWS_XRAY_DAEMON_ADDRESS = `127.0.0.1:${daemon.address().port}`
    process.env._X_AMZN_TRACE_ID = HEADER
    await annotate('start-cleanse', TIME, { correlation_id: 'door-1' })
    const [header, document] = (await heard).split('\n').map((line) => JSON.parse(line))
    expect([header, document.annotations]).toEqual([
      { format: 'json', version: 1 },
      { correlation_id: 'door-1' },
    ])
    daemon.close()
  })

  test('that is nowhere stops nothing', async () => {
    process.env._X_AMZN_TRACE_ID = HEADER
    await annotate('x', TIME, { correlation_id: 'a' })
    process.env.AWS_XRAY_DAEMON_ADDRESS = 'no such host:1'
    await annotate('x', TIME, { correlation_id: 'a' })
  })
})
