import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'

const run = promisify(execFile)
export const IMAGES = ['cleanse', 'dbt', 'extract'] as const

/** What is asked of an image: whether builds on Snowflake run in it, which take more than dbt's own image has. */
interface Asked {
  root: string
  repository: string
  tag: string
  onSnowflake?: boolean
}

/** The tag that says whether an image was pushed before: pushed first, and never moved. */
const firstTag = ({ tag, onSnowflake }: Asked) => (onSnowflake ? `snowflake-${tag}` : tag)

/**
 * The commands that build and push one image; the tag is the commit, and the stack names the digest. The image of dbt also
 * has a tag that says dbt's version, pushed after the other. What runs on Snowflake is built upon that image.
 */
export function imageCommands(name: string, asked: Asked): string[][] {
  const { root, repository, tag } = asked
  const file = (path: string) => ['docker', 'build', '--platform', 'linux/arm64', '--file', path]
  const push = (one: string) => ['docker', 'push', '--quiet', `${repository}:${one}`]
  const tags = [tag, ...(name === 'dbt' ? [`dbt-${dbtVersion(root)}-${tag}`] : [])]
  const named = tags.flatMap((one) => ['--tag', `${repository}:${one}`])
  const build = [...file(`containers/${name}/Dockerfile`), ...named, '.']
  if (name !== 'dbt' || !asked.onSnowflake) return [build, ...tags.map(push)]
  const upon = [
    '--build-arg',
    `DBT_IMAGE=${repository}:${tag}`,
    '--tag',
    `${repository}:${firstTag(asked)}`,
    '.',
  ]
  return [build, [...file('containers/dbt/snowflake/Dockerfile'), ...upon], push(firstTag(asked))]
}

/** The version of dbt that the image's lock names. Throws when it names none. */
function dbtVersion(root: string): string {
  const lock = readFileSync(`${root}/containers/dbt/requirements.lock`, 'utf8')
  const version = /^dbt-core==([\w.]+)/m.exec(lock)?.[1]
  if (!version) throw new Error('containers/dbt/requirements.lock pins no dbt-core')
  return version
}

/** The command that lets Docker push to the account's registry; the password comes on its standard input. */
export const loginCommand = (registry: string) => [
  'sh',
  '-c',
  `aws ecr get-login-password | docker login --username AWS --password-stdin ${registry}`,
]

/** The digest of an image that was pushed under this tag before, or nothing. */
async function pushedDigest(name: string, tag: string): Promise<string | undefined> {
  const query = ['--query', 'imageDetails[0].imageDigest', '--output', 'text']
  const image = ['--repository-name', `sluice/${name}`, '--image-ids', `imageTag=${tag}`]
  try {
    return (await run('aws', ['ecr', 'describe-images', ...image, ...query])).stdout.trim()
  } catch (error) {
    if (String((error as { stderr?: string }).stderr).includes('ImageNotFoundException')) return undefined
    throw error
  }
}

/**
 * Builds and pushes one image and gives its reference by digest; a tag that was pushed before is taken as it is, for
 * tags never change. Throws with Docker's own words.
 */
export async function pushImage(name: string, given: Asked): Promise<string> {
  const asked = { ...given, onSnowflake: given.onSnowflake === true && name === 'dbt' }
  const { root, repository } = asked
  const digest = await pushedDigest(name, firstTag(asked))
  if (digest) return `${repository}@${digest}`
  for (const [command, ...args] of imageCommands(name, asked)) {
    await run(command as string, args, { cwd: root, maxBuffer: 1 << 26 })
  }
  const inspect = ['inspect', '--format', '{{index .RepoDigests 0}}', `${repository}:${firstTag(asked)}`]
  const { stdout } = await run('docker', inspect, { cwd: root })
  return stdout.trim()
}

/** Whether files differ from the commit that an image would be tagged with. */
export async function isDirty(root: string): Promise<boolean> {
  const { stdout } = await run('git', ['status', '--porcelain'], { cwd: root })
  return stdout.trim() !== ''
}

/** The short commit that an image is tagged with. */
export async function commit(root: string): Promise<string> {
  const { stdout } = await run('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: root })
  return stdout.trim()
}
