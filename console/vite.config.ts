import vue from '@vitejs/plugin-vue'
import elementPlus from 'unplugin-element-plus/vite'
import { defineConfig } from 'vitest/config'

/** Where `npm run dev` finds the platform. */
const server = process.env.JIEYING_SERVER ?? 'http://127.0.0.1:8110'

export default defineConfig({
  plugins: [vue(), elementPlus({})],
  build: {
    outDir: '../src/jieying/web/static',
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 1200, // MapLibre, which is loaded after the page stands
  },
  define: { __INTLIFY_PROD_DEVTOOLS__: false, __VUE_I18N_FULL_INSTALL__: false, __VUE_I18N_LEGACY_API__: false },
  server: { proxy: { '/api': { target: server, ws: true } } },
  test: { environment: 'happy-dom' },
})
