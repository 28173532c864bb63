// How long raw rows are kept, as contracts say it: a lifecycle rule for each folder that holds rows of such an entity.
const { entities, sources } = require('../shared/declared.json')

// A version that was overwritten or expired stays so long: S3 deletes a version only once it is no longer the current one.
const NONCURRENT_DAYS = 7

const cold = {
  Id: 'bronze-grows-cold',
  Status: 'Enabled',
  Transitions: [
    { StorageClass: 'STANDARD_IA', TransitionInDays: 30 },
    // Instant Retrieval, not Flexible: a replay must be able to read it.
    { StorageClass: 'GLACIER_IR', TransitionInDays: 90 },
  ],
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
}

const feeds = Object.values(sources).flatMap((source) => source.feeds)
const folderOf = ({ prefix }) => prefix.split('{')[0]
const shared = ({ entity, prefix }) =>
  feeds.some((other) => other.entity !== entity && folderOf(other).startsWith(folderOf({ prefix })))
const rule = (Prefix, more) => ({
  Id: `keep-${Prefix.replace(/[^a-z0-9]+/gi, '-')}`,
  Status: 'Enabled',
  Prefix,
  ...more,
})

const bronzeOf = (feed) => {
  const days = entities[feed.entity]?.retentionDays?.bronze
  if (days === undefined) return []
  if (shared(feed))
    throw new Error(`${folderOf(feed)} holds other entities too, so their rows would go with ${feed.entity}`)
  const more = { NoncurrentVersionExpiration: { NoncurrentDays: NONCURRENT_DAYS } }
  return [rule(folderOf(feed), { ExpirationInDays: days - NONCURRENT_DAYS, ...more })]
}
const quarantineOf = ([entity, { retentionDays }]) =>
  retentionDays?.quarantine === undefined
    ? []
    : [rule(`entity=${entity}/`, { ExpirationInDays: retentionDays.quarantine })]

module.exports = {
  bronze: [cold, ...feeds.flatMap(bronzeOf)],
  quarantine: Object.entries(entities).flatMap(quarantineOf),
}
