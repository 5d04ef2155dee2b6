/** A PDF page by page, drawn by pdf.js, as phones show none by themselves. A page is drawn when it comes near. */
import { GlobalWorkerOptions, getDocument, type PDFDocumentProxy, RenderingCancelledException } from 'pdfjs-dist'
import workerAddress from 'pdfjs-dist/build/pdf.worker.min.mjs?url'
import { useEffect, useRef, useState } from 'react'
import { Note } from './Note.tsx'
import type { Shown } from './shown.ts'

GlobalWorkerOptions.workerSrc = workerAddress

const widest = 900

export function PdfView({ file: { address } }: { file: Shown }) {
  const [pdf, setPdf] = useState<PDFDocumentProxy>()
  const [failure, setFailure] = useState<string>()
  useEffect(() => {
    const loading = getDocument({ url: address, enableXfa: false })
    let gone = false
    loading.promise.then(
      (ready) => !gone && setPdf(ready),
      () => !gone && setFailure('This PDF could not be read. Download it to open it elsewhere.'),
    )
    return () => {
      gone = true
      void loading.destroy()
    }
  }, [address])
  if (failure) return <Note>{failure}</Note>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keys can scroll it
    <div tabIndex={0} className="flex min-w-0 flex-1 flex-col items-center gap-4 overflow-auto p-4 outline-none">
      {pdf && pagesOf(pdf).map((number) => <Page key={number} pdf={pdf} number={number} />)}
    </div>
  )
}

function pagesOf(pdf: PDFDocumentProxy): number[] {
  return Array.from({ length: pdf.numPages }, (_, i) => i + 1)
}

function Page({ pdf, number }: { pdf: PDFDocumentProxy; number: number }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [near, setNear] = useState(number <= 2)
  useEffect(() => {
    const element = canvas.current
    if (!element || near) return
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && setNear(true), {
      rootMargin: '800px',
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [near])
  useEffect(() => {
    const element = canvas.current
    if (!element || !near) return
    let cancel = () => {}
    let gone = false
    void pdf.getPage(number).then((page) => {
      if (gone) return
      const natural = page.getViewport({ scale: 1 })
      const width = Math.min(widest, (element.parentElement?.clientWidth ?? widest) - 32)
      const viewport = page.getViewport({ scale: (width / natural.width) * devicePixelRatio })
      element.width = viewport.width
      element.height = viewport.height
      element.style.width = `${width}px`
      element.style.height = `${(width * natural.height) / natural.width}px`
      const task = page.render({ canvas: element, viewport })
      cancel = () => task.cancel()
      task.promise.catch((error: unknown) => {
        if (!(error instanceof RenderingCancelledException)) element.title = 'This page could not be drawn.'
      })
    })
    return () => {
      gone = true
      cancel()
    }
  }, [pdf, number, near])
  return (
    <canvas ref={canvas} role="img" aria-label={`Page ${number}`} className="min-h-64 shrink-0 bg-white shadow-float" />
  )
}
