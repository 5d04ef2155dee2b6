/** `/api/docs`: the API for people to read. Plain HTML from the declarations, without a script. */

import { type Endpoint, parametersInPath } from '../api/endpoint.ts'
import { endpoints } from '../api/endpoints.ts'
import { escapeHtml } from './html.ts'
import { openApiDocument } from './openapi.ts'
import { problemTable } from './problem.ts'

/** The whole page; `nonce` lets its own style through the content security policy. */
export function docsPage(version: string, origin: string, nonce: string): string {
  const document = openApiDocument(version, origin) as { paths: Record<string, Record<string, unknown>> }
  const nouns = [...new Set(endpoints.map(({ noun }) => noun))]
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>File Vault API</title><style nonce="${nonce}">${style}</style></head><body>
<nav><h1>File Vault API</h1>${nouns.map((noun) => `<a href="#${noun}">${noun}</a>`).join('')}<a href="#problems">problems</a></nav>
<main><p>Version ${escapeHtml(version)}. As a program reads it: <a href="/api/openapi.json">openapi.json</a>. Sign in with
<code>Authorization: Bearer TOKEN</code>; a token comes from the account page, or from <code>filevault token create</code>.
Times are ISO 8601 UTC, sizes are bytes, ids are opaque.</p>
<pre>curl -H "Authorization: Bearer $TOKEN" -F files=@plan.pdf ${escapeHtml(origin)}/api/files/upload</pre>
${nouns.map((noun) => section(noun, document.paths)).join('')}
<h2 id="problems">Problems</h2><p>Every refusal is <code>application/problem+json</code> with a sentence in <code>detail</code>.</p>
<table>${problemTable.map(({ code, status, title }) => `<tr id="${code}"><td>${status}</td><td><code>${code}</code></td><td>${title}</td></tr>`).join('')}</table>
</main></body></html>`
}

function section(noun: string, paths: Record<string, Record<string, unknown>>): string {
  const rows = endpoints.filter((one) => one.noun === noun)
  return `<h2 id="${noun}">${noun}</h2>${rows.map(({ name, endpoint }) => article(name, endpoint, paths)).join('')}`
}

function article(name: string, endpoint: Endpoint, paths: Record<string, Record<string, unknown>>): string {
  const operation = paths[endpoint.path.replace(parametersInPath, '{$1}')]?.[endpoint.method.toLowerCase()]
  const access = { anyone: 'no account needed', user: '', admin: 'administrators' }[endpoint.access]
  return `<article id="${name}"><h3><b>${endpoint.method}</b> ${escapeHtml(endpoint.path)} <small>${access}</small></h3>
<p>${escapeHtml(endpoint.declared.summary)}</p><details><summary>Details</summary><pre>${escapeHtml(JSON.stringify(operation, null, 2))}</pre></details></article>`
}

const style = `
:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}
body{margin:0;display:grid;grid-template-columns:minmax(10rem,14rem) minmax(0,60rem)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.5rem;box-sizing:border-box;display:flex;flex-direction:column;gap:.4rem}
nav h1{font-size:1rem;margin:0 0 1rem}nav a{color:inherit;text-decoration:none}nav a:hover{text-decoration:underline}
main{padding:1.5rem 2rem 6rem}h2{margin:2.5rem 0 .5rem;text-transform:capitalize}
article{border-top:1px solid color-mix(in oklab,currentcolor 15%,transparent);padding:.8rem 0}
h3{font:500 .95rem/1.4 ui-monospace,monospace;margin:0}h3 small{font:italic .8rem system-ui;opacity:.7}p{margin:.3rem 0}
pre{overflow:auto;background:color-mix(in oklab,currentcolor 6%,transparent);padding:.8rem;border-radius:6px;font-size:.8rem}
summary{cursor:pointer;opacity:.75;font-size:.85rem}td{padding:.2rem 1rem .2rem 0}
@media(max-width:50rem){body{display:block}nav{position:static;height:auto}}`
