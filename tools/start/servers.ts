import { type ChildProcess, spawn } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { UserError } from '../../cli/config.js'

/** What a server of the samples says when it serves; `url` is its address or connection string. */
export interface Serving {
  url: string
  [fact: string]: unknown
}

/** The exit code of a server that this machine has no program for. */
const MISSING = 3
const READY_MILLISECONDS_MAX = 900_000

/** This machine has no such server; the message says how to get one. */
export class NoServer extends UserError {}

/** The servers of one run: started on free ports of 127.0.0.1, and stopped with it. */
export class Servers {
  readonly #children: ChildProcess[] = []
  readonly #listening: Server[] = []

  constructor(private readonly root: string) {}

  /** Starts `python -m samples.servers.<name>` and waits until it serves. Throws `NoServer` when it cannot be had. */
  start(name: string, ...options: string[]): Promise<Serving> {
    const args = ['-m', `samples.servers.${name}`, ...options]
    // The server also ends when its input does, whatever becomes of this process.
    const child = spawn(`${this.root}/.venv/bin/python`, args, { cwd: this.root, stdio: 'pipe' })
    this.#children.push(child)
    let complaint = ''
    child.stderr.on('data', (chunk) => {
      complaint = (complaint + chunk).slice(-2_000)
    })
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${name} did not start`)), READY_MILLISECONDS_MAX)
      child.on('exit', (code) => {
        clearTimeout(late)
        const said = complaint.trim().split('\n').at(-1) ?? ''
        reject(code === MISSING ? new NoServer(said) : new Error(`${name} ended with ${code}: ${said}`))
      })
      createInterface({ input: child.stdout }).once('line', (line) => {
        clearTimeout(late)
        resolve(JSON.parse(line) as Serving)
      })
    })
  }

  /** Serves JSON by path: an API of somebody else, as far as it is asked. Gives its address. */
  async answer(answers: (path: string, bearer: string) => unknown): Promise<string> {
    const server = createServer((request, response) => {
      const bearer = (request.headers.authorization ?? '').replace(/^Bearer /, '')
      const found = answers(request.url ?? '/', bearer)
      response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(found ?? {}))
    })
    this.#listening.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** Stops them all and waits until they are gone. */
  async stop(): Promise<void> {
    for (const server of this.#listening) {
      server.closeAllConnections()
      server.close()
    }
    const running = this.#children.filter(({ exitCode, signalCode }) => exitCode === null && !signalCode)
    await Promise.all(
      running.map((child) => {
        const gone = new Promise((resolve) => child.on('exit', resolve))
        child.kill('SIGTERM')
        return gone
      }),
    )
  }
}
