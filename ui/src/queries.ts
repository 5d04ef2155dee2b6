/** How answers of the server are kept, for every page. */
import { QueryClient } from '@tanstack/react-query'
import { ApiProblem } from '../../src/api/client.ts'

export function openQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        // A refusal is an answer; only a server that is away is asked again.
        retry: (failures, error) =>
          failures < 3 && error instanceof ApiProblem && (error.status === 0 || error.status >= 500),
      },
    },
  })
}
