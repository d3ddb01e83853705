export { type Rendered, renderTemplate } from './template.ts'
