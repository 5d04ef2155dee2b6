/** Users, for administrators. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { Bytes, Email, Id, Password, PersonName, Time } from './schema.ts'

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
  }),
  /** `password` only where the server made it up. */
  returns: v.object({ ...User.entries, password: v.optional(v.string()) }),
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
  summary: 'Removes a user whose personal vault is empty; otherwise answers 409 and says to disable them.',
  access: 'admin',
})
