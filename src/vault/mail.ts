/** Sending mail, where a server for it is set. */
import { createTransport } from 'nodemailer'
import type { Config } from '../config.ts'

export interface Letter {
  to: string
  subject: string
  /** Plain text; there is no other. */
  text: string
}

export interface Mail {
  /** Hands a letter to the mail server; rejects when that does not take it. */
  send(letter: Letter): Promise<void>
}

export function openMail({ smtpUrl, from }: NonNullable<Config['mail']>): Mail {
  const url = new URL(smtpUrl)
  const transport = createTransport({
    host: url.hostname,
    port: Number(url.port) || (url.protocol === 'smtps:' ? 465 : 587),
    secure: url.protocol === 'smtps:',
    ...(url.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
    connectionTimeout: 10_000,
    socketTimeout: 30_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return {
    async send({ to, subject, text }) {
      await transport.sendMail({ from, to, subject, text })
    },
  }
}
