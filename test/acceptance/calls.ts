/** Who called what on the local AWS, and whether IAM allowed it. */
export interface Call {
  number: number
  role: string
  action: string
  resource: string
  decision: 'allowed' | 'denied' | 'not signed'
}

/** The recorded calls that match, oldest first, after the call of this number. */
export async function calls(filter: Record<string, string> = {}, since = 0): Promise<Call[]> {
  const found: Call[] = []
  let after = since
  for (;;) {
    const query = new URLSearchParams({ ...filter, since: String(after) })
    const answer = await fetch(`${process.env.AWS_ENDPOINT_URL}/_sluice/calls?${query}`)
    const page = (await answer.json()) as { calls: Call[]; next: number }
    found.push(...page.calls)
    if (page.calls.length === 0) return found
    after = page.next
  }
}
