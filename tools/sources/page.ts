import { type Node, sourceSchema, variants } from './json-schema.js'

/** Keys whose content is the same in each kind that has them: told once, in a section of its own. */
const APART = ['auth', 'schedule', 'warehouse']

/** The page `docs/sources.md`: every key of a source file, by kind, from the schema that checks it. */
export function sourcesPage(): string {
  const kinds = variants(sourceSchema)
  const apart = APART.map((key) => {
    const nodes = kinds.flatMap((kind) => kind.properties?.[key] ?? []).flatMap(variants)
    return `## \`${key}\`\n\n${unique(nodes).map(section).join('\n\n')}`
  })
  return `# Source files

<!-- Generated from shared/sources/schema.ts by \`npm run generate\`: change it there. -->

A source is declared in one file, \`sources/<name>.yaml\`. \`npx sluice sources check\` names each mistake with file, line and
column, and what was probably meant; a wrong file also fails \`npm run generate\` and \`npm test\`. An editor with the YAML
language server completes and checks while you type, by the first line of the file:

\`\`\`yaml
# yaml-language-server: $schema=./source.schema.json
source: fx
description: Daily rates, dropped as CSV files.
kind: drop
entities:
  - entity: fx_rates
\`\`\`

A key of bronze belongs to the source with the longest \`prefix\` that it begins with. Files of a source with one entity lie
below \`source=<name>/\`; an extraction, and any other source with several entities that names no prefixes, has a folder
\`source=<name>/entity=<entity>/\` for each.

A batch goes as soon as its lane is free. With \`settleSeconds\` it waits that long after its first file, unless a file that
waits for nothing takes it along. With \`closeOnSyncFinished\` it waits for the sync of its source, an hour at most, and
takes nothing that landed after that sync. Of several runs that wait for Glue, the one with the highest \`priority\` goes first.

The checker refuses what would be without effect. Unknown keys are mistakes. The value of a secret never stands in a file:
\`secret\` is its name in Secrets Manager.

${kinds.map((kind) => `## ${titleOf(kind)}\n\n${section(kind)}`).join('\n\n')}

${apart.join('\n\n')}
`
}

const fixed = (kind: Node, key: string) => kind.properties?.[key]?.const as string | undefined
const titleOf = (kind: Node) =>
  [fixed(kind, 'kind'), fixed(kind, 'engine')].flatMap((word) => (word ? [`\`${word}\``] : [])).join(' from ')

/** Nodes that differ in what they say, in order. */
const unique = (nodes: Node[]) => [...new Map(nodes.map((node) => [JSON.stringify(node), node])).values()]

function section(node: Node): string {
  const title = fixed(node, 'method')
  const table = `| key | what | needed |\n|---|---|---|\n${rows(node).join('\n')}`
  return title ? `### \`${title}\`\n\n${table}` : table
}

function rows(node: Node, before = ''): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, inner]) => {
    const row = `| \`${before}${key}\` | ${what(key, inner, before)} | ${needed(node, key, inner)} |`
    if (APART.includes(key) && before === '') return [row]
    const list = inner.items?.properties && rows(inner.items, `${before}${key}[].`)
    return [row, ...(list ?? rows(inner, `${before}${key}.`))]
  })
}

function what(key: string, node: Node, before: string): string {
  if (APART.includes(key) && before === '') {
    const methods = variants(node).flatMap((variant) => fixed(variant, 'method') ?? [])
    const described =
      methods.length > 0 ? methods.map((method) => `\`${method}\``).join(', ') : node.description
    return [described, `See [${key}](#${key}).`].filter(Boolean).join(' ')
  }
  const values = (node.enum ?? (node.const === undefined ? [] : [node.const])).map((value) => `\`${value}\``)
  const { minimum, maximum } = node
  const range = maximum === undefined ? undefined : `${minimum} to ${maximum}.`
  return [values.length > 0 && `${values.join(', ')}:`, node.description, range]
    .filter(Boolean)
    .join(' ')
    .replaceAll('|', '\\|')
}

function needed(node: Node, key: string, inner: Node): string {
  if (inner.default !== undefined) return `default \`${inner.default}\``
  return node.required?.includes(key) ? 'yes' : ''
}
