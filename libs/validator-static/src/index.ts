export { StaticValidator, type StaticValidatorConfig } from './static-validator.js';
