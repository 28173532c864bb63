import type { LandedVersion, Version } from '../../shared/objects.js'
import type { Plans, Reports } from '../../shared/work.js'
import { stored } from './ledger-item.js'

/** A bucket of JSON objects by key. */
export class FakeObjects implements Plans, Reports {
  readonly objects = new Map<string, unknown>()
  /** Keys in the order in which they were removed. */
  readonly removed: string[] = []

  constructor(readonly bucket: string) {}

  readonly writeOnce = async (key: string, content: unknown): Promise<string> => {
    if (!this.objects.has(key)) this.objects.set(key, stored(content))
    return `s3://${this.bucket}/${key}`
  }

  readonly read = async (key: string): Promise<unknown> => this.objects.get(key)

  readonly put = async (key: string, content: unknown): Promise<void> => {
    this.objects.set(key, stored(content))
  }

  readonly copy = async (from: string, to: string): Promise<void> => {
    if (!this.objects.has(from)) throw Object.assign(new Error(`no ${from}`), { name: 'NoSuchKey' })
    this.objects.set(to, this.objects.get(from))
  }

  readonly remove = async (key: string): Promise<void> => {
    this.objects.delete(key)
    this.removed.push(key)
  }

  readonly removeAll = async (keys: string[]): Promise<void> => {
    for (const key of keys) await this.remove(key)
  }

  /** The files of cleanses whose rows a file of silver holds: its own, or those that a compaction put together. */
  rowsIn(key: string): string[] {
    const object = this.objects.get(key) as { holds?: string[] } | undefined
    if (!object) throw new Error(`${key} is not there`)
    return object.holds ?? [key]
  }

  /** The object that an S3 URI of this bucket names. */
  at(uri: string): unknown {
    return this.objects.get(uri.replace(`s3://${this.bucket}/`, ''))
  }

  keys(prefix = ''): string[] {
    return [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort()
  }
}

/** A versioned bucket of landed files, newest version first as S3 lists them. */
export class FakeBronze {
  readonly versions: LandedVersion[] = []
  readonly asked: string[] = []

  constructor(private readonly pageItems = 1_000) {}

  land(version: LandedVersion): void {
    this.versions.unshift(version)
  }

  readonly findVersion = async (key: string, versionId?: string): Promise<Version | undefined> => {
    this.asked.push(key)
    const found = this.versions.find(
      (version) => version.key === key && (versionId === undefined || version.versionId === versionId),
    )
    return found && { versionId: found.versionId, bytes: found.bytes, landedAt: found.landedAt }
  }

  readonly listVersions = async (prefix: string, next = '0', limit = this.pageItems, after = '') => {
    const found = this.versions.filter(({ key }) => key.startsWith(prefix) && key > after)
    const end = Number(next) + Math.min(limit, this.pageItems)
    return { versions: found.slice(Number(next), end), ...(end < found.length && { next: String(end) }) }
  }
}
