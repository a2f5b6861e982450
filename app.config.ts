export default defineAppConfig({
  ui: {
    colors: { primary: 'dusk', neutral: 'mist', success: 'green', warning: 'amber', error: 'red', info: 'sky' },
    button: { slots: { base: 'cursor-pointer' } },
  },
})
