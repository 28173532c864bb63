import { plain, time, times } from './render.js'

/** An answer of the API to `why`. */
export interface Why {
  subject: string
  kind: string
  id: string
  lines: Line[]
}
interface Line {
  at: string | null
  what: string
  ref: string | null
}

/** The sentence names the file by its key, which `why` takes as well. */
const FILE_ID = /^[0-9a-f]{64}$/

/**
 * An answer in sentences, each with its time or a dash; what to ask about next stands behind where the sentence lacks it.
 * A sentence is said once, and so is a long reason: where a later sentence ends in it, it says so.
 */
export function whyText({ kind, id, lines }: Why): string {
  const told: string[] = []
  const texts = together(lines).map(({ at, what, ref }) => {
    const short = withoutTold(what, told)
    told.push(what)
    const next = ref && ref !== id && !FILE_ID.test(ref) && !short.includes(ref) ? ` [${ref}]` : ''
    return `  ${(time(at) ?? '-').padEnd(TIME_WIDTH)}  ${plain(times(`${short}${next}`))}\n`
  })
  return `  ${kind} ${plain(id)}\n\n${texts.join('')}`
}

const TIME_WIDTH = '2026-03-02 07:00:00Z'.length
/** A reason shorter than this may be told again. */
const REASON_MIN = 40

/** A sentence without the reason that it ends in, where that was told before: it stands behind the first colon it can. */
function withoutTold(what: string, told: string[]): string {
  for (let colon = what.indexOf(': '); colon >= 0; colon = what.indexOf(': ', colon + 1)) {
    const reason = what.slice(colon + 2)
    if (reason.length < REASON_MIN) break
    if (told.some((before) => before.includes(reason))) return `${what.slice(0, colon)} (as above)`
  }
  return what
}

/** A sentence by its words; `place` is the word that stands for several names. */
interface Sentence extends Line {
  words: string[]
  place?: number
}

/** Without what was said already in the same second; what holds now of several names, such as lanes, in one sentence. */
function together(lines: Line[]): Line[] {
  const merged: Sentence[] = []
  for (const line of lines) {
    if (merged.some(({ at, what }) => what === line.what && time(at) === time(line.at))) continue
    const words = line.what.split(' ')
    const same = merged.find((before) => placeOf(before, line, words) !== undefined)
    const place = same && placeOf(same, line, words)
    if (!same || place === undefined) {
      merged.push({ ...line, words })
      continue
    }
    same.place = place
    same.words[place] = `${same.words[place]}, ${words[place]}`
  }
  return merged.map(({ at, ref, words }) => ({ at, ref, what: words.join(' ') }))
}

/** What a name that may be joined by others follows. */
const BEFORE_NAME = ['lane', 'of']
/** A name, and no number: those add up to something else. */
const NAME = /^[a-z]([\w:+.-]*\w)?$/

/** The one word in which a sentence differs from one before it that tells the same of another name. */
function placeOf({ words, place, at, ref }: Sentence, line: Line, others: string[]): number | undefined {
  if (at !== null || line.at !== null || ref !== null || line.ref !== null) return undefined
  if (words.length !== others.length) return undefined
  const differing = others.flatMap((word, index) => (word === words[index] ? [] : [index]))
  const [only] = differing
  if (only === undefined || differing.length > 1 || (place ?? only) !== only) return undefined
  if (!BEFORE_NAME.includes(words[only - 1] ?? '')) return undefined
  const isName = NAME.test(others[only] ?? '') && (place !== undefined || NAME.test(words[only] ?? ''))
  return isName ? only : undefined
}
