/** An SDK client that answers each command as a test says, and keeps what was asked. */
export function fakeClient<Client>(answers: Record<string, (input: never) => unknown>) {
  const calls: { name: string; input: Record<string, unknown> }[] = []
  const send = async (command: { constructor: { name: string }; input: Record<string, unknown> }) => {
    const { name } = command.constructor
    calls.push({ name, input: command.input })
    const answer = answers[name]
    if (!answer) throw new Error(`no answer to ${name}`)
    return answer(command.input as never)
  }
  return { client: { send } as unknown as Client, calls }
}

/** An error as the SDK throws it: its name says what happened. */
export const awsError = (name: string, message = name): Error => Object.assign(new Error(message), { name })
