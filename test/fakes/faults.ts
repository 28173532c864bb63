/** What kills an invocation in a test. It is no error that a stage knows. */
export class Crash extends Error {
  override readonly name = 'Crash'
}

/**
 * Crashes at the n-th effect: before it happened, or after it with its answer lost. From then on the invocation is
 * dead, as a killed Lambda is: every further effect throws, until `revive` starts the next invocation.
 */
export class Faults {
  /** Effects called so far. */
  calls = 0
  /** Waited for before every effect, so that a test decides the order of invocations that run at once. */
  pause: ((effect: string) => Promise<void>) | undefined
  /** The effect at which the invocation died, for the message of a failing test. */
  diedAt: string | undefined
  private dead = false
  private crashes: { call: number; when: 'before' | 'after' }[] = []
  private named: { effect: string; when: 'before' | 'after' } | undefined

  crashAt(...crashes: { call: number; when: 'before' | 'after' }[]): void {
    this.crashes = crashes
  }

  /** Crashes at the n-th effect from here on. */
  crashFromNow(call: number, when: 'before' | 'after'): void {
    this.crashes = [{ call: this.calls + call, when }]
  }

  /** Crashes once, at the next effect of this name, such as `tasks.run`. */
  crashAtEffect(effect: string, when: 'before' | 'after'): void {
    this.named = { effect, when }
  }

  isDead(): boolean {
    return this.dead
  }

  revive(): void {
    this.dead = false
  }

  /** The same effects, each counted and able to crash. */
  wrap<T extends object>(name: string, effects: T): T {
    return new Proxy(effects, {
      get: (target, property) => {
        const effect = Reflect.get(target, property) as unknown
        if (typeof effect !== 'function') return effect
        return (...args: unknown[]) =>
          this.call(`${name}.${String(property)}`, () => effect.apply(target, args))
      },
    })
  }

  private async call(name: string, effect: () => unknown): Promise<unknown> {
    await this.pause?.(name)
    if (this.dead) throw new Crash(`dead since ${this.diedAt}`)
    this.calls += 1
    const crash =
      this.named?.effect === name ? this.named : this.crashes.find(({ call }) => call === this.calls)
    if (crash?.when === 'after') await effect()
    if (crash) {
      this.dead = true
      this.named = undefined
      this.diedAt = `${crash.when} call ${this.calls}, ${name}`
      throw new Crash(this.diedAt)
    }
    return effect()
  }
}

/** The same object with some of its methods replaced. */
export const override = <T extends object>(target: T, methods: Partial<T>): T =>
  Object.assign(Object.create(target) as T, methods)
