/** The one client of the page. Whoever is not signed in any more is asked to, and comes back to the same place. */
import { ApiProblem, type Client, client } from '../../src/api/client.ts'

const plain = client()
const open = ['/sign-in', '/setup', '/forgot']

export const call: Client['call'] = async (endpoint, input, options) => {
  try {
    return await plain.call(endpoint, input, options)
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401 && !open.includes(location.pathname)) {
      const next = location.pathname + location.search
      location.assign(next === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(next)}`)
    }
    throw error
  }
}

/** The same for who has no account: a refusal is theirs to answer, by a password or an address. */
export const callAsGuest: Client['call'] = plain.call

export const addressOf = plain.url
