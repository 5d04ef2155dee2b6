/** Says that the server is away, and stops saying it when it is back. */
import { useIsFetching, useQueryClient } from '@tanstack/react-query'
import { CloudOff } from 'lucide-react'
import { useEffect, useState } from 'react'
import { ApiProblem } from '../../../src/api/client.ts'

const askEveryMs = 3000

export function Offline() {
  const queries = useQueryClient()
  useIsFetching() // looks again whenever a question begins or ends
  const [away, setAway] = useState(false)
  const unreachable = queries
    .getQueryCache()
    .getAll()
    .some(({ state }) =>
      [state.error, state.fetchFailureReason].some(
        (error) => error instanceof ApiProblem && (error.status === 0 || error.status === 503),
      ),
    )
  useEffect(() => {
    setAway(unreachable)
    if (!unreachable) return
    const timer = setInterval(() => void queries.refetchQueries({ type: 'active' }), askEveryMs)
    return () => clearInterval(timer)
  }, [unreachable, queries])
  if (!away) return null
  return (
    <div role="alert" className="flex items-center justify-center gap-2 bg-danger-soft px-4 py-1.5 text-danger">
      <CloudOff size={14} aria-hidden />
      The server cannot be reached. Nothing is lost; this page goes on by itself.
    </div>
  )
}
