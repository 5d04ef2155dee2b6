/** The page of guests: small, because whoever opens a link has none of it yet. */
import { QueryClientProvider } from '@tanstack/react-query'
import { createRootRoute, createRoute, createRouter, Outlet, RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { GuestPage } from './guest/GuestPage.tsx'
import { PublicPage } from './guest/PublicPage.tsx'
import { Toasts } from './kit/Toast.tsx'
import { openQueries } from './queries.ts'

const root = createRootRoute({
  component: () => (
    <Toasts>
      <Outlet />
    </Toasts>
  ),
})
const router = createRouter({
  routeTree: root.addChildren([
    createRoute({ getParentRoute: () => root, path: '/s/$code', component: GuestPage }),
    createRoute({ getParentRoute: () => root, path: '/public', component: PublicPage }),
  ]),
})

const page = document.getElementById('page')
if (page)
  createRoot(page).render(
    <StrictMode>
      <QueryClientProvider client={openQueries()}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  )
