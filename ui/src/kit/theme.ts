/** Light, dark, or as the system says; kept in this browser. */

export type Theme = 'system' | 'light' | 'dark'

const key = 'filevault-theme'
const system = matchMedia('(prefers-color-scheme: dark)')

export function chosenTheme(): Theme {
  const kept = localStorage.getItem(key)
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(key, theme)
  applyTheme()
}

/** Puts the theme on the document and follows the system while that is the choice. */
export function applyTheme(): void {
  const theme = chosenTheme()
  document.documentElement.dataset.theme = theme === 'system' ? (system.matches ? 'dark' : 'light') : theme
}

system.addEventListener('change', applyTheme)
