import { resolve } from 'node:path'
export interface Config {
  server: { listen: { host: string; port: number }; publicUrl: string | undefined; trustedProxies: string[] }
  volume: { path: string; mustBeMount: boolean; reserveBytes: number }
  log: { level: string }
  media: { ffmpeg: string; ffprobe: string; processes: number; memoryBytes: number; timeoutMs: number }
  auth: { loginAttempts: number; loginWindowMs: number }
  admin: { email: string; password: string } | undefined
  notes: string[]
}
export function loadConfig({
  env,
  cwd,
}: {
  file?: string
  env: Record<string, string | undefined>
  cwd: string
}): Config {
  const [host = '', port = ''] = (env.FILEVAULT_LISTEN ?? '127.0.0.1:8080').split(':')
  return {
    server: { listen: { host, port: Number(port) }, publicUrl: env.FILEVAULT_PUBLIC_URL, trustedProxies: [] },
    volume: { path: resolve(cwd, env.FILEVAULT_VOLUME ?? './data'), mustBeMount: false, reserveBytes: 1e9 },
    log: { level: env.FILEVAULT_LOG_LEVEL ?? 'info' },
    media: { ffmpeg: 'ffmpeg', ffprobe: 'ffprobe', processes: 1, memoryBytes: 1e9, timeoutMs: 60000 },
    auth: { loginAttempts: 100, loginWindowMs: 900000 },
    admin:
      env.FILEVAULT_ADMIN_EMAIL && env.FILEVAULT_ADMIN_PASSWORD
        ? { email: env.FILEVAULT_ADMIN_EMAIL, password: env.FILEVAULT_ADMIN_PASSWORD }
        : undefined,
    notes: [],
  }
}
