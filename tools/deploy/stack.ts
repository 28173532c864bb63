import { spawn } from 'node:child_process'

export interface Parameters {
  [name: string]: string
}

/**
 * Deploys the stack of one stage with the Serverless Framework; `out` gets what it prints, line by line. Throws with
 * the last lines when it fails.
 */
export async function deployStack(
  root: string,
  stage: string,
  parameters: Parameters,
  options: { env: NodeJS.ProcessEnv; out?: (line: string) => void; package?: string },
): Promise<void> {
  const flags = Object.entries(parameters).flatMap(([name, value]) => ['--param', `${name}=${value}`])
  const packed = options.package ? ['--package', options.package] : []
  const child = spawn(
    process.execPath,
    [`${root}/node_modules/serverless/bin/serverless.js`, 'deploy', '--stage', stage, ...packed, ...flags],
    { cwd: root, env: options.env, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const lines: string[] = []
  const take = (chunk: Buffer) => {
    for (const line of chunk.toString().split('\n').filter(Boolean)) {
      lines.push(line)
      options.out?.(line)
    }
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) throw new Error(`the deployment failed:\n${lines.slice(-20).join('\n')}`)
}
