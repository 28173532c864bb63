import { stored } from '../../fakes/ledger-item.js'
import { awsError, type Command, type Effect, type Fault, kindOf } from '../effect.js'
import type { Found, LandedVersion, QuarantineObject, SilverObject, SimRow } from '../evidence.js'
import type { Random } from '../random.js'

const STALE_MAX = 60_000

/** The buckets, as far as the stages and the jobs see them. */
export class Storage {
  silver: ReadonlyMap<string, SilverObject> = new Map<string, SilverObject>()
  readonly artifacts = new Map<string, Found>()
  /** Ids of the syncs of a warehouse that have put rows into RAW, in their order. */
  readonly raw = new Set<string>()
  /** Each artifact that was put as text, by what was read of it: readers get the text as it was written. */
  readonly texts = new WeakMap<object, string>()
  readonly quarantine = new Map<string, QuarantineObject>()
  /** Every version ever put, oldest first. */
  readonly landed: LandedVersion[] = []
  /** What becomes of gold’s objects when a folder of it is deleted; gives the keys that lie there. */
  gold: { list(prefix: string): string[]; remove(keys: string[]): void } = {
    list: () => [],
    remove: () => {},
  }
  private readonly rows = new Map<string, readonly SimRow[]>()

  land(version: LandedVersion): void {
    this.landed.push(version)
    this.rows.set(`${version.key}@${version.versionId}`, version.rows)
  }

  readonly rowsOf = (key: string, versionId: string): readonly SimRow[] =>
    this.rows.get(`${key}@${versionId}`) ?? []

  /** A new map for each change, so that who keeps the old one has the state before. */
  putSilver(key: string, object: SilverObject): void {
    this.silver = new Map(this.silver).set(key, object)
  }

  removeSilver(keys: string[]): void {
    const gone = new Set(keys)
    this.silver = new Map([...this.silver].filter(([key]) => !gone.has(key)))
  }
}

/** S3's commands on the buckets. */
export function s3(storage: Storage, random: Random, now: () => number) {
  return (command: Command): Effect => {
    const { input } = command
    const kind = kindOf(command)
    const file = String(input.Key ?? input.Prefix ?? '')
      .split('/')
      .at(-1)
    const name = input.Bucket === 'artifacts' ? `${kind} ${nameOf(file ?? '')}` : `${kind} ${input.Bucket}`
    const faults: Fault[] = kind === 'ListObjectVersions' ? ['stale read'] : writes(kind)
    return { name, faults, throttled: 'SlowDown', apply: (fault) => answer(kind, input, fault) }
  }

  function answer(kind: string, input: Command['input'], fault: Fault | undefined): unknown {
    if (kind === 'PutObject') return put(input)
    if (kind === 'GetObject') return read(input)
    if (kind === 'CopyObject') return copy(input)
    if (kind === 'HeadObject') return head(input)
    if (kind === 'ListObjectVersions') return list(input, fault)
    if (kind === 'ListObjectsV2') return { Contents: below(input.Prefix).map((Key) => ({ Key })) }
    if (kind === 'DeleteObjects') return remove(input)
    if (kind === 'DeleteObject') return { gone: storage.artifacts.delete(input.Key) }
    throw new Error(`the simulated S3 knows no ${kind}`)
  }

  /** What was precomputed of an edition lies with what the stages themselves have written. */
  function below(prefix: string): string[] {
    const own = [...storage.artifacts.keys()].filter((key) => key.startsWith(prefix))
    return prefix.startsWith('dashboards/') ? own : storage.gold.list(prefix)
  }

  function remove({ Bucket, Delete }: Command['input']) {
    const keys = (Delete.Objects as { Key: string }[]).map(({ Key }) => Key)
    if (Bucket === 'silver') storage.removeSilver(keys)
    else {
      for (const key of keys) storage.artifacts.delete(key)
      storage.gold.remove(keys)
    }
    return {}
  }

  function put({ Bucket, Key, Body, IfNoneMatch }: Command['input']) {
    if (Bucket === 'quarantine') {
      const { source_file, source_version, reason } = JSON.parse(Body)
      const rows = [{ id: `${source_file}@${source_version}`, reason }]
      storage.quarantine.set(Key, { runId: '', attempt: 0, rows })
      return {}
    }
    if (IfNoneMatch === '*' && storage.artifacts.has(Key)) throw awsError('PreconditionFailed')
    const content = stored(JSON.parse(Body))
    storage.artifacts.set(Key, content)
    storage.texts.set(content, Body)
    return {}
  }

  function read({ Key }: Command['input']) {
    if (!storage.artifacts.has(Key)) throw awsError('NoSuchKey')
    const content = storage.artifacts.get(Key)
    const text = storage.texts.get(content) ?? JSON.stringify(content)
    return { ContentLength: text.length, Body: { transformToString: async () => text } }
  }

  function copy({ Key, CopySource }: Command['input']) {
    const from = decodeURIComponent(CopySource).replace('silver/', '')
    const object = storage.silver.get(from)
    if (!object) throw awsError('NoSuchKey', `no ${from}`)
    storage.putSilver(Key, object)
    return {}
  }

  function head({ Key, VersionId }: Command['input']) {
    const found = storage.landed.filter(
      ({ key, versionId }) => key === Key && (!VersionId || versionId === VersionId),
    )
    const version = found.at(-1)
    if (!version) throw awsError('NotFound')
    const { versionId, bytes, landedAt } = version
    return { VersionId: versionId, ContentLength: bytes, LastModified: new Date(landedAt) }
  }

  function list({ Prefix, KeyMarker, VersionIdMarker, MaxKeys }: Command['input'], fault: Fault | undefined) {
    const until = fault === 'stale read' ? now() - random.between(1_000, STALE_MAX) : now()
    const all = storage.landed
      .filter(({ key, landedAt }) => key.startsWith(Prefix) && Date.parse(landedAt) <= until)
      .reverse()
      .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    const start = VersionIdMarker
      ? all.findIndex((one) => one.key === KeyMarker && one.versionId === VersionIdMarker) + 1
      : all.filter(({ key }) => key <= (KeyMarker ?? '')).length
    const page = all.slice(start, start + Math.min(MaxKeys ?? 1_000, 50))
    const Versions = page.map(({ key, versionId, bytes, landedAt }) => ({
      Key: key,
      VersionId: versionId,
      Size: bytes,
      LastModified: new Date(landedAt),
    }))
    const last = start + page.length < all.length ? page.at(-1) : undefined
    return {
      Versions,
      IsTruncated: last !== undefined,
      ...(last && { NextKeyMarker: last.key, NextVersionIdMarker: last.versionId }),
    }
  }
}

const writes = (kind: string): Fault[] => (/^(Put|Copy|Delete)/.test(kind) ? ['lost answer'] : [])

const nameOf = (file: string) => (file.endsWith('.duckdb') ? 'database' : file)
