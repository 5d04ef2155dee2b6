/** The page: its places, and what each of them shows. What few people open is loaded when they do. */
import { QueryClientProvider } from '@tanstack/react-query'
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  RouterProvider,
  redirect,
} from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { FilesPage } from './files/FilesPage.tsx'
import { readPlace, shelfPaths } from './files/place.ts'
import { Toasts } from './kit/Toast.tsx'
import { NotFound } from './NotFound.tsx'
import { openQueries } from './queries.ts'
import { Shell } from './shell/Shell.tsx'

const root = createRootRoute({
  component: () => (
    <Toasts>
      <Outlet />
    </Toasts>
  ),
  notFoundComponent: NotFound,
})

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell, validateSearch: readPlace })
const shelf = (path: string, show: 'files' | 'favourites' | 'recent' | 'trash') =>
  createRoute({ getParentRoute: () => shell, path, component: () => <FilesPage key={show} shelf={show} /> })

const alone = [
  ['/setup', lazyRouteComponent(() => import('./account/SetUpPage.tsx'), 'SetUpPage')],
  ['/sign-in', lazyRouteComponent(() => import('./account/SignInPage.tsx'), 'SignInPage')],
  ['/forgot', lazyRouteComponent(() => import('./account/ForgotPage.tsx'), 'ForgotPage')],
  ['/join/$code', lazyRouteComponent(() => import('./account/JoinPage.tsx'), 'JoinPage')],
  ['/account', lazyRouteComponent(() => import('./account/AccountPage.tsx'), 'AccountPage')],
  ['/admin', lazyRouteComponent(() => import('./admin/OverviewPage.tsx'), 'OverviewPage')],
  ['/admin/users', lazyRouteComponent(() => import('./admin/UsersPage.tsx'), 'UsersPage')],
  ['/admin/vaults', lazyRouteComponent(() => import('./admin/VaultsPage.tsx'), 'VaultsPage')],
  ['/admin/jobs', lazyRouteComponent(() => import('./admin/JobsPage.tsx'), 'JobsPage')],
  ['/admin/log', lazyRouteComponent(() => import('./admin/LogPage.tsx'), 'LogPage')],
  ['/admin/settings', lazyRouteComponent(() => import('./admin/SettingsPage.tsx'), 'SettingsPage')],
] as const

const router = createRouter({
  routeTree: root.addChildren([
    createRoute({
      getParentRoute: () => root,
      path: '/',
      beforeLoad: () => redirect({ to: '/files', throw: true } as never),
    }),
    shell.addChildren([
      shelf(shelfPaths.files, 'files'),
      shelf(shelfPaths.favourites, 'favourites'),
      shelf(shelfPaths.recent, 'recent'),
      shelf(shelfPaths.trash, 'trash'),
    ]),
    ...alone.map(([path, component]) => createRoute({ getParentRoute: () => root, path, component })),
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
