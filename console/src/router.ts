/** Pages. Hash addresses, so that the server hands out one file whatever the page. */
import { createRouter, createWebHashHistory } from 'vue-router'
import AntiFraudPage from './pages/AntiFraudPage.vue'
import IntervalsPage from './pages/IntervalsPage.vue'
import KnowledgePage from './pages/KnowledgePage.vue'
import ReportsPage from './pages/ReportsPage.vue'
import SituationPage from './pages/SituationPage.vue'
import UnitsPage from './pages/UnitsPage.vue'

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/', name: 'situation', component: SituationPage },
    { path: '/reports', name: 'reports', component: ReportsPage },
    { path: '/units', name: 'units', component: UnitsPage },
    { path: '/knowledge', name: 'knowledge', component: KnowledgePage },
    { path: '/intervals', name: 'intervals', component: IntervalsPage },
    { path: '/antifraud', name: 'antifraud', component: AntiFraudPage },
    { path: '/:else(.*)', redirect: '/' },
  ],
})

/** Show an incident beside the map; the rest of the address stays. */
export const showIncident = (id: string | null) =>
  router.push({ name: 'situation', query: id ? { incident: id } : {} })
