/** Signing in, and what a person may change about themselves; the only file here that calls. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import * as auth from '../../../src/api/auth.ts'
import type { Input } from '../../../src/api/endpoint.ts'
import * as tokens from '../../../src/api/tokens.ts'
import * as users from '../../../src/api/users.ts'
import { call } from '../call.ts'
import { keys } from '../files/queries.ts'

const own = { sessions: ['sessions'] as const, tokens: ['tokens'] as const, setup: ['setup'] as const }

export function useSetUpNeeded() {
  return useQuery({ queryKey: own.setup, queryFn: ({ signal }) => call(auth.getSetup, {}, { signal }) })
}

export function useSetUp() {
  return useMutation({ mutationFn: (body: Input<typeof auth.setUp>['body']) => call(auth.setUp, { body }) })
}

export function useSignIn() {
  return useMutation({ mutationFn: (body: Input<typeof auth.login>['body']) => call(auth.login, { body }) })
}

/** A change after which `stale` is asked for again. */
function useChange<T, R>(stale: readonly string[], work: (input: T) => Promise<R>) {
  const queries = useQueryClient()
  return useMutation({ mutationFn: work, onSuccess: () => queries.invalidateQueries({ queryKey: [...stale] }) })
}

export function useChangeName() {
  return useChange(keys.me, (name: string) => call(auth.changeMe, { body: { name } }))
}

export function useChangePassword() {
  return useChange(own.sessions, (body: { current: string; password: string }) => call(auth.changePassword, { body }))
}

export function useSessions() {
  return useQuery({
    queryKey: own.sessions,
    queryFn: async ({ signal }) => (await call(auth.listSessions, {}, { signal })).sessions,
  })
}

export function useRemoveSession() {
  return useChange(own.sessions, (id: string) => call(auth.removeSession, { params: { id } }))
}

export function useTokens() {
  return useQuery({
    queryKey: own.tokens,
    queryFn: async ({ signal }) => (await call(tokens.listTokens, {}, { signal })).tokens,
  })
}

export function useCreateToken() {
  return useChange(own.tokens, (body: { name: string; scopes: tokens.Scope[] }) => call(tokens.createToken, { body }))
}

export function useRemoveToken() {
  return useChange(own.tokens, (id: string) => call(tokens.removeToken, { params: { id } }))
}

/** Whom a link to choose a password is for. */
export function useInvitation(code: string) {
  return useQuery({
    queryKey: ['invitation', code],
    queryFn: ({ signal }) => call(users.getInvitation, { params: { code } }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export function useAcceptInvitation(code: string) {
  return useMutation({
    mutationFn: (password: string) => call(users.acceptInvitation, { params: { code }, body: { password } }),
  })
}

export function useForgotPassword() {
  return useMutation({ mutationFn: (email: string) => call(users.forgotPassword, { body: { email } }) })
}
