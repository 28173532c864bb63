/** Every fault that the simulator knows, and what it means. The names are those of `--only` and `--without`. */
export const FAULTS = {
  'crash before': 'the invocation dies at an await, before the effect',
  'crash after': 'the invocation dies at an await, after the effect',
  throttled: 'the service refuses the call for now, whatever the SDK repeats',
  'lost answer': 'the effect happens, the caller sees a time-out',
  repeated: 'the SDK sends a write twice, because the first answer was lost',
  conflict: 'a write meets another transaction on the same item',
  stall: 'the invocation stands still for up to a minute',
  'stale read': 'an index, a listing or a read that is not strongly consistent shows the past',
  'refused entry': 'PutEvents answers 200 and refuses one entry',
  busy: 'Glue is at its concurrency limit',
  'no task': 'RunTask answers 200 with failures and no task',
  'lost event': 'an event never reaches one of its listeners',
  'duplicate event': 'an event reaches a listener twice',
  'late event': 'an event comes up to minutes late, after newer ones',
  'early event': 'an ECS task is told to be DEPROVISIONING with exit code 0 before it is over',
  'bad end': 'a job ends in one of the ways in which ECS and Glue end jobs badly',
  'never ends': 'a job runs on for ever',
  'quick end': 'a job ends before the answer to its start',
  'clock skew': 'each function instance has a clock of its own, some seconds off',
  'two reconcilers': 'two ticks of the reconciler run at once',
  overwrite: 'a key is written again while its batch runs',
  deploy: 'a deployment in the middle: other task definitions, other job code, another graph of lanes',
  operator: 'people retry, approve, replay and stop jobs at any moment',
} as const
export type Fault = keyof typeof FAULTS

/** One call of a service, as the gate of an invocation sees it. */
export interface Effect {
  /** What it does, in words that stay the same from run to run: a cell of the coverage. */
  name: string
  /** What may happen to it besides dying, standing still and being throttled. */
  faults: readonly Fault[]
  /** The error that the SDK throws when the service is throttled for good. */
  throttled: string
  apply(fault: Fault | undefined): unknown
}

/** Lets an invocation wait for its effect: a crash never answers. */
export type Gate = (effect: Effect) => Promise<unknown>

/** A command of the SDK: its class says what it does. */
export interface Command {
  constructor: { name: string }
  // biome-ignore lint/suspicious/noExplicitAny: each service reads the input of its own commands.
  input: any
}

/** `PutItemCommand` -> `PutItem`. A bundle may number a class that another one is named like. */
export const kindOf = (command: Command): string => command.constructor.name.replace(/Command\d*$/, '')

/** A client of the SDK whose calls go through the gate of one invocation at a time. */
export function client<Client>(gate: Gate, effectOf: (command: Command) => Effect): Client {
  return { send: (command: Command) => gate(effectOf(command)) } as unknown as Client
}

export const awsError = (name: string, message: string = name): Error =>
  Object.assign(new Error(message), { name })
