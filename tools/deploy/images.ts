import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
export const IMAGES = ['cleanse', 'dbt', 'extract'] as const

/** The commands that build and push one image; the tag is the commit, and the stack names the digest. */
export const imageCommands = (name: string, repository: string, tag: string): string[][] => [
  [
    'docker',
    'build',
    '--platform',
    'linux/arm64',
    '--file',
    `containers/${name}/Dockerfile`,
    '--tag',
    `${repository}:${tag}`,
    '.',
  ],
  ['docker', 'push', '--quiet', `${repository}:${tag}`],
]

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
export async function pushImage(
  root: string,
  name: string,
  repository: string,
  tag: string,
): Promise<string> {
  const digest = await pushedDigest(name, tag)
  if (digest) return `${repository}@${digest}`
  for (const [command, ...args] of imageCommands(name, repository, tag)) {
    await run(command as string, args, { cwd: root, maxBuffer: 1 << 26 })
  }
  const inspect = ['inspect', '--format', '{{index .RepoDigests 0}}', `${repository}:${tag}`]
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
