import type { Clock } from '../../shared/clock.js'

/** A clock that stands still until a test moves it, and ids that count up. */
export class FakeClock implements Clock {
  private milliseconds = Date.parse('2026-03-02T07:00:00.000Z')
  private ids = 0

  now(): number {
    return this.milliseconds
  }

  newId(): string {
    this.ids += 1
    return `r${String(this.ids).padStart(25, '0')}`
  }

  advance(seconds: number): void {
    this.milliseconds += seconds * 1_000
  }
}
