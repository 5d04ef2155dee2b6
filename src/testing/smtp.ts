/** A real mail server that keeps what it is given. */
import { SMTPServer } from 'smtp-server'
import { freePort } from './port.ts'

export interface Mailbox extends AsyncDisposable {
  /** What a server needs to send mail here. */
  readonly env: Record<string, string>
  /** The letters as they came over the line, oldest first. */
  readonly letters: { to: string; text: string }[]
  /** Waits for the letter after the first `seen`. */
  next(seen: number): Promise<{ to: string; text: string }>
}

export async function openMailbox(): Promise<Mailbox> {
  const letters: { to: string; text: string }[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        // Lines of quoted-printable end in "=", where they were broken.
        const text = Buffer.concat(chunks).toString().replaceAll('=\r\n', '').replaceAll('=3D', '=')
        letters.push({ to: session.envelope.rcptTo.map(({ address }) => address).join(), text })
        done()
      })
    },
  })
  const port = await freePort()
  await new Promise<void>((go) => server.listen(port, '127.0.0.1', go))
  return {
    letters,
    env: {
      FILEVAULT_MAIL_SMTP_URL: `smtp://127.0.0.1:${port}`,
      FILEVAULT_MAIL_FROM: 'File Vault <vault@example.org>',
      FILEVAULT_PUBLIC_URL: 'http://files.example.org',
    },
    async next(seen) {
      for (let i = 0; i < 200 && letters.length <= seen; i++) await new Promise((go) => setTimeout(go, 20))
      const letter = letters[seen]
      if (!letter) throw new Error(`No letter came after ${seen}.`)
      return letter
    },
    [Symbol.asyncDispose]: () => new Promise<void>((go) => server.close(() => go())),
  }
}
