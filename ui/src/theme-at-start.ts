/** Runs before the page is drawn: light or dark, as the person chose or the system says. */
import { applyTheme } from './kit/theme.ts'

applyTheme()
