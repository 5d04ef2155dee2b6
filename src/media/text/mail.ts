/** E-mail: who wrote to whom, the subject, what was written, and the names of what was attached. */
import PostalMime, { type Address } from 'postal-mime'
import { MediaError } from '../job.ts'
import { readBeginning } from './decoding.ts'
import { Gathering } from './gathering.ts'
import { htmlText } from './markup.ts'

/** Attachments come behind what was written; a message that is larger is read up to here. */
const mostBytes = 32 * 1024 * 1024

/** The words of one message. */
export async function readMail(path: string): Promise<string> {
  const bytes = await readBeginning(path, mostBytes)
  const mail = await PostalMime.parse(bytes, { maxNestingDepth: 30 }).catch((cause: unknown) => {
    throw new MediaError('damaged', cause instanceof Error ? cause.message : String(cause), { cause })
  })
  const gathered = new Gathering()
  const lines = [
    mail.subject,
    ...[mail.from, ...(mail.to ?? []), ...(mail.cc ?? []), ...(mail.bcc ?? [])].map(named),
    mail.text ?? (mail.html === undefined ? undefined : htmlText(mail.html)),
    ...mail.attachments.map(({ filename }) => filename),
  ]
  for (const line of lines) {
    gathered.add(line ?? '')
    gathered.newLine()
  }
  return gathered.toString()
}

function named(address: Address | undefined): string {
  if (!address) return ''
  const members = (address.group ?? []).map((one) => `${one.name} ${one.address ?? ''}`)
  return [address.name, address.address ?? '', ...members].join(' ')
}
