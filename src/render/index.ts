export { renderTemplate, type Rendered } from './template.ts'
