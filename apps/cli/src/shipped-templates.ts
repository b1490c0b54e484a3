import { join } from 'node:path';

import { PACKAGE_ROOT } from './package-root.js';

/** The alert templates that ship. */
export const SHIPPED_TEMPLATES = join(PACKAGE_ROOT, 'deploy', 'alert-templates');
