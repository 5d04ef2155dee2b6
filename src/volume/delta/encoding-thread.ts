/** The thread that makes deltas, one after the other. */
import { parentPort } from 'node:worker_threads'
import { Problem, type ProblemCode } from '../../problem.ts'
import { onDisk } from '../failure.ts'
import { type Encoded, encode, type Job } from './encoding.ts'

/** An error as it crosses threads, where classes and codes get lost. */
export interface Failure {
  code: ProblemCode | undefined
  message: string
  detail: string
}

export type Answer = { encoded: Encoded } | { failure: Failure }

async function answer(job: Job): Promise<Answer> {
  try {
    return { encoded: await onDisk(encode(job)) }
  } catch (error) {
    const { message, cause } = error instanceof Error ? error : new Error(String(error))
    const code = error instanceof Problem ? error.code : undefined
    return { failure: { code, message, detail: cause instanceof Error ? cause.message : message } }
  }
}

parentPort?.on('message', async (job: Job) => parentPort?.postMessage(await answer(job)))
