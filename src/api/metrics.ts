/** What a monitoring system reads. */
import { endpoint } from './endpoint.ts'

export const metrics = endpoint('GET /metrics', {
  summary:
    'Counters and gauges in the text format of Prometheus, for administrators, this machine and addresses in the configuration.',
  access: 'anyone',
  returns: 'bytes',
})
