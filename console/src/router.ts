/** Pages. Hash addresses, so that the server hands out one file whatever the page. */
import { createRouter, createWebHashHistory } from 'vue-router'
import SituationPage from './pages/SituationPage.vue'

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/', name: 'situation', component: SituationPage },
    { path: '/reports', name: 'reports', component: () => import('./pages/ReportsPage.vue') },
    { path: '/units', name: 'units', component: () => import('./pages/UnitsPage.vue') },
    { path: '/intervals', name: 'intervals', component: () => import('./pages/IntervalsPage.vue') },
    { path: '/:else(.*)', redirect: '/' },
  ],
})

/** Show an incident beside the map; the rest of the address stays. */
export const showIncident = (id: string | null) =>
  router.push({ name: 'situation', query: id ? { incident: id } : {} })
