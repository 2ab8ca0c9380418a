import 'element-plus/theme-chalk/dark/css-vars.css'
import 'element-plus/theme-chalk/base.css'
import './theme.css'
import { createApp } from 'vue'
import { setHooks } from './api/http'
import App from './App.vue'
import { sessionEnded } from './composables/useSession'
import { i18n, language, t } from './i18n'
import { router } from './router'

setHooks({ language: () => language.value, signedOut: sessionEnded, lostWords: () => t('error.connection_lost') })
document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en'
createApp(App).use(i18n).use(router).mount('#app')
