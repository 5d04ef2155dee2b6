/** Thirty days of traffic as two lines of bars; whoever cannot see them has them as a table. */
import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import type { Overview } from '../../../src/api/overview.ts'
import { formatBytes, formatDay, formatNumber } from '../kit/format.ts'

const height = 200

export function DaysChart({ series }: { series: Overview['series'] }) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = place.current
    if (!element) return
    const style = getComputedStyle(element)
    const color = (name: string) => style.getPropertyValue(name).trim()
    const axis = { stroke: color('--faint'), grid: { stroke: color('--line'), width: 1 }, ticks: { show: false } }
    const bars = uPlot.paths.bars?.({ size: [0.7, 24], gap: 1 })
    const chart = new uPlot(
      {
        width: element.clientWidth,
        height,
        legend: { live: true },
        cursor: { y: false },
        scales: { x: { time: true } },
        axes: [
          { ...axis, values: (_, times) => times.map((seconds) => formatDay(new Date(seconds * 1000))) },
          { ...axis, size: 70, values: (_, values) => values.map((value) => formatBytes(value)) },
        ],
        series: [
          { label: 'Day', value: (_, seconds) => (seconds == null ? '' : formatDay(new Date(seconds * 1000))) },
          line('Uploaded', color('--accent'), bars),
          line('Downloaded', color('--kind-sheet'), undefined),
        ],
      },
      [
        series.map(({ date }) => Date.parse(date) / 1000),
        series.map(({ uploadBytes }) => uploadBytes),
        series.map(({ downloadBytes }) => downloadBytes),
      ],
      element,
    )
    const watch = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }))
    watch.observe(element)
    return () => {
      watch.disconnect()
      chart.destroy()
    }
  }, [series])
  return (
    <>
      <div ref={place} aria-hidden className="text-sm" />
      <table className="sr-only">
        <caption>What came and went on each day</caption>
        <thead>
          <tr>
            <th>Day</th>
            <th>Uploads</th>
            <th>Uploaded</th>
            <th>Downloads</th>
            <th>Downloaded</th>
          </tr>
        </thead>
        <tbody>
          {series.map(({ date, uploads, uploadBytes, downloads, downloadBytes }) => (
            <tr key={date}>
              <td>{date}</td>
              <td>{formatNumber(uploads)}</td>
              <td>{formatBytes(uploadBytes)}</td>
              <td>{formatNumber(downloads)}</td>
              <td>{formatBytes(downloadBytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}

function line(label: string, stroke: string, paths: uPlot.Series.PathBuilder | undefined): uPlot.Series {
  return {
    label,
    stroke,
    width: paths ? 0 : 2,
    points: { show: false },
    value: (_, bytes) => (bytes == null ? '' : formatBytes(bytes)),
    ...(paths ? { paths, fill: stroke } : {}),
  }
}
