/** Setting up, signing in and out, one's own profile and sessions. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { Email, Id, Password, PersonName, Time } from './schema.ts'

export const Me = v.object({
  id: Id,
  email: v.string(),
  name: v.string(),
  admin: v.boolean(),
  /** The id of the caller's personal vault. */
  vaultId: Id,
})
export type Me = v.InferOutput<typeof Me>

export const Session = v.object({
  id: Id,
  current: v.boolean(),
  userAgent: v.string(),
  address: v.string(),
  createdAt: Time,
  lastSeenAt: Time,
})
export type Session = v.InferOutput<typeof Session>

export const getSetup = endpoint('GET /api/setup', {
  summary: 'Tells whether the first administrator is still to be made.',
  access: 'anyone',
  returns: v.object({ needed: v.boolean() }),
})

export const setUp = endpoint('POST /api/setup', {
  summary: 'Makes the first administrator with the one-time code that the server printed, and signs in.',
  access: 'anyone',
  body: v.object({ code: v.pipe(v.string(), v.maxLength(200)), email: Email, name: PersonName, password: Password }),
  returns: Me,
  status: 201,
})

export const login = endpoint('POST /api/auth/login', {
  summary: 'Signs in and sets the session cookie.',
  access: 'anyone',
  body: v.object({
    email: v.pipe(v.string(), v.maxLength(254)),
    password: v.pipe(v.string(), v.maxLength(256)),
    totp: v.optional(v.string()),
    /** Keeps the session for 14 idle days instead of 12 hours. */
    remember: v.optional(v.boolean()),
  }),
  returns: Me,
})

export const logout = endpoint('POST /api/auth/logout', { summary: 'Ends this session.' })

export const getMe = endpoint('GET /api/auth/me', { summary: 'Who is signed in.', returns: Me })

export const changeMe = endpoint('PATCH /api/auth/me', {
  summary: "Changes one's own name.",
  body: v.object({ name: PersonName }),
  returns: Me,
})

export const changePassword = endpoint('PUT /api/auth/password', {
  summary: "Changes one's own password; every other session ends.",
  body: v.object({ current: v.pipe(v.string(), v.maxLength(256)), password: Password }),
})

export const listSessions = endpoint('GET /api/auth/sessions', {
  summary: "One's own sessions, newest first.",
  returns: v.object({ sessions: v.array(Session) }),
})

export const removeSession = endpoint('DELETE /api/auth/sessions/:id', {
  summary: "Revokes one of one's own sessions at once.",
})
