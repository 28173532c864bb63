import { GetRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { expect, test } from 'vitest'
import { chain as stages } from '../../events/chain.js'
import { roleId, statementsOf } from '../../events/routes.js'
import { project } from '../../shared/declared.js'
import { type Call, calls } from './calls.js'
import { bronzeVersions, ledgerItems, logLines, reconcile, stackResources } from './operator.js'
import { goldAgainstTruth } from './oracle.js'
import { until } from './poll.js'
import { ndjson, price } from './rows.js'
import { otherDoors, unusedRights } from './unused-rights.js'
import { landFiles, type World } from './world.js'

const DENIED_SECONDS_MAX = 60
const STAGE = 'record-landing'
const ACTION = 'dynamodb:PutItem'

/** Enforcement was on for every case so far: what the roles allow is enough, and it is what the stages need. */
export function rightsCase(world: () => World): void {
  test('no call of any role of the stack was denied', async () => {
    expect(await deniedOfStack()).toEqual([])
  })

  test('every right of every stage was used, or the list says when it is', async () => {
    const resources = await stackResources()
    const idle: string[] = []
    const asleep: string[] = []
    for (const row of stages) {
      const used = new Set(
        (await calls({ role: String(resources[roleId(row.stage)]) })).map(({ action }) => action),
      )
      if (used.size === 0) {
        asleep.push(row.stage)
        continue
      }
      const allowed = new Set(statementsOf(row).flatMap(({ Action }) => Action))
      idle.push(
        ...[...allowed].filter((action) => !used.has(action)).map((action) => `${row.stage} ${action}`),
      )
    }
    const explained = (right: string) => right in unusedRights || right.replace(/^\S+/, '*') in unusedRights
    expect(asleep.filter((stage) => !(stage in otherDoors))).toEqual([])
    expect(idle.filter((right) => !explained(right))).toEqual([])
  })

  test('the list of unused rights names only rights that a stage has', () => {
    const rights = stages.flatMap((row) =>
      statementsOf(row).flatMap(({ Action }) => Action.map((a) => `${row.stage} ${a}`)),
    )
    const known = new Set([...rights, ...rights.map((right) => right.replace(/^\S+/, '*'))])
    expect(Object.keys(unusedRights).filter((right) => !known.has(right))).toEqual([])
  })

  test('without one right the stage is denied and says so, and with it again the chain heals', async () => {
    const { chain, truth, scratch } = world()
    const role = String((await stackResources())[roleId(STAGE)])
    const since = (await calls()).at(-1)?.number ?? 0
    const restore = await without(role, STAGE, ACTION)
    try {
      const healing = ndjson([price('HARD1', '2013-03-01', 61.5)])
      const [key] = await landFiles(world(), [
        { source: 'market-data', name: 'zz6-denied.ndjson', content: healing },
      ])
      const denied = await until('a denied call', () => someDenied(role, since), {
        seconds: DENIED_SECONDS_MAX,
      })
      expect(new Set(denied.map(({ action }) => action))).toEqual(new Set([ACTION]))
      const said = await until('the log says so', () => logged(STAGE, 'AccessDenied'), {
        seconds: DENIED_SECONDS_MAX,
      })
      expect(said.join('\n')).toContain(ACTION)
      expect((await bronzeVersions()).some(({ Key }) => Key === key)).toBe(true)
      expect((await ledgerItems('FILE#')).some((item) => item.key === key)).toBe(false)
    } finally {
      await restore()
    }
    await reconcile()
    await chain.rest(world().landed)
    expect(await goldAgainstTruth(chain, truth, scratch)).toBe('')
    const others = (await deniedOfStack()).filter((call) => call.role !== role || call.action !== ACTION)
    expect(others).toEqual([])
  })
}

async function deniedOfStack(): Promise<Call[]> {
  const roles = new Set(Object.values(await stackResources()))
  const denied = (await calls({ denied: 'true' })).filter(({ role }) => roles.has(role))
  return denied.filter((call) => !isUnmade(call))
}

/** A secret that nobody has made yet is denied, not missing, where the role names it: so says AWS too. */
function isUnmade({ action, resource }: Call): boolean {
  const declared = Object.values(project.sources).map(({ door }) => door?.confirm?.secret)
  const isSecret = action === 'secretsmanager:GetSecretValue'
  return (
    isSecret && declared.some((secret) => secret !== undefined && resource?.endsWith(`:secret:${secret}`))
  )
}

async function someDenied(role: string, since: number): Promise<Call[] | false> {
  const found = await calls({ role, denied: 'true' }, since)
  return found.length > 0 && found
}

async function logged(stage: string, word: string): Promise<string[] | false> {
  const lines = await logLines(stage, word)
  return lines.length > 0 && lines
}

type Policy = { Version: string; Statement: { Action: string | string[] }[] }

/** Takes one action out of a role's inline policy and gives what puts it back. */
async function without(RoleName: string, PolicyName: string, action: string): Promise<() => Promise<void>> {
  const iam = new IAMClient({})
  const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))
  const whole = decodeURIComponent(String(PolicyDocument))
  const reduced = JSON.parse(whole) as Policy
  for (const statement of reduced.Statement) {
    statement.Action = [statement.Action].flat().filter((one) => one !== action)
  }
  reduced.Statement = reduced.Statement.filter(({ Action }) => Action.length > 0)
  const put = async (document: string) => {
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: document }))
  }
  expect(JSON.stringify(reduced)).not.toBe(JSON.stringify(JSON.parse(whole)))
  await put(JSON.stringify(reduced))
  return () => put(whole)
}
