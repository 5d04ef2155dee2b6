/** For `assert.rejects`: that the server refused, and how. */
import assert from 'node:assert/strict'
import { ApiProblem } from '../api/client.ts'

/** Matches an {@link ApiProblem} of this status, and optionally code, whose sentence says something. */
export function refused(status: number, code?: string): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof ApiProblem, `Not a refusal of the server: ${error}`)
    assert.equal(error.status, status, error.message)
    if (code !== undefined) assert.equal(error.code, code)
    assert.ok(error.message.length > 10, 'A refusal says what is the case.')
    return true
  }
}
