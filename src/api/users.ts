/** Users, for administrators. */
import * as v from 'valibot'
import { Me } from './auth.ts'
import { endpoint } from './endpoint.ts'
import { Bytes, Email, Flag, Id, Password, PersonName, Time } from './schema.ts'

export const User = v.object({
  id: Id,
  email: v.string(),
  name: v.string(),
  admin: v.boolean(),
  disabled: v.boolean(),
  vaultId: Id,
  quotaBytes: Bytes,
  usedBytes: Bytes,
  fileCount: v.number(),
  createdAt: Time,
  lastSeenAt: v.nullable(Time),
})
export type User = v.InferOutput<typeof User>

/** A link by which somebody chooses a password; its only showing. */
export const Invitation = v.object({
  url: v.string(),
  expiresAt: Time,
  /** Whether it was handed to the mail server, too. */
  mailed: v.boolean(),
})
export type Invitation = v.InferOutput<typeof Invitation>

export const listUsers = endpoint('GET /api/admin/users', {
  summary: 'Every user with quota and use, by name.',
  access: 'admin',
  returns: v.object({ users: v.array(User) }),
})

export const createUser = endpoint('POST /api/admin/users', {
  summary: 'Makes a user with a personal vault. Without a password one is made up and shown once.',
  access: 'admin',
  body: v.object({
    email: Email,
    name: PersonName,
    quotaBytes: v.optional(Bytes),
    admin: v.optional(v.boolean()),
    password: v.optional(Password),
    /** Instead of a password: a link by which they choose one. */
    invite: v.optional(v.boolean()),
  }),
  /** `password` only where the server made it up. */
  returns: v.object({ ...User.entries, password: v.optional(v.string()), invitation: v.optional(Invitation) }),
  status: 201,
})

export const changeUser = endpoint('PATCH /api/admin/users/:id', {
  summary: "Changes a user's name, quota, password, role, or shuts them out; what they may do changes at once.",
  access: 'admin',
  body: v.object({
    name: v.optional(PersonName),
    quotaBytes: v.optional(Bytes),
    admin: v.optional(v.boolean()),
    disabled: v.optional(v.boolean()),
    password: v.optional(Password),
  }),
  returns: User,
})

export const removeUser = endpoint('DELETE /api/admin/users/:id', {
  summary:
    'Removes a user. One who has files is removed only when it is said what becomes of their vault: `handOver` names who gets it, as a team vault; with `keep` it waits for an administrator to hand it over.',
  access: 'admin',
  query: v.object({ handOver: v.optional(Id), keep: v.optional(Flag) }),
})

export const endSessions = endpoint('DELETE /api/admin/users/:id/sessions', {
  summary: 'Signs a user out everywhere; their API tokens stay.',
  access: 'admin',
})

export const inviteUser = endpoint('POST /api/admin/users/:id/invitation', {
  summary:
    'Makes a link by which a user chooses a new password; the present one stays until then, links made before end.',
  access: 'admin',
  returns: Invitation,
  status: 201,
})

export const getInvitation = endpoint('GET /api/invitations/:code', {
  summary: 'Whom a link to choose a password is for. Unknown, used and expired look the same.',
  access: 'anyone',
  returns: v.object({ email: v.string(), name: v.string(), isNew: v.boolean() }),
})

export const acceptInvitation = endpoint('POST /api/invitations/:code', {
  summary: 'Chooses a password by such a link, once, and signs in; every other session ends.',
  access: 'anyone',
  body: v.object({ password: Password }),
  returns: Me,
})

export const forgotPassword = endpoint('POST /api/auth/forgot', {
  summary: 'Mails a link to choose a password, if there is such a user; the answer is the same in any case.',
  access: 'anyone',
  body: v.object({ email: Email }),
  status: 204,
})
