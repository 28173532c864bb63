import { expect, it } from 'vitest'
import { packageService } from './packaged.js'

const { template } = packageService()

const stage = Object.values(template.Resources).find(({ Type }) => Type === 'AWS::ApiGatewayV2::Stage')

it('takes a bounded number of requests a second, and counts them', () => {
  expect(stage?.Properties.DefaultRouteSettings).toEqual({
    DetailedMetricsEnabled: true,
    ThrottlingRateLimit: 500,
    ThrottlingBurstLimit: 1000,
  })
})

it('logs each access by its route: a path can hold a secret', () => {
  const format = JSON.parse(String(stage?.Properties.AccessLogSettings.Format)) as Record<string, string>
  expect(Object.values(format).sort()).toEqual([
    '$context.requestId',
    '$context.responseLatency',
    '$context.routeKey',
    '$context.status',
  ])
})

it('tells the door how large a body may be', () => {
  const door = Object.values(template.Resources).find(
    ({ Properties }) => Properties?.FunctionName === 'sluice-test-accept-webhook',
  )
  expect(door?.Properties.Environment.Variables.DOOR_BODY_BYTES).toBe('1048576')
})
