import { readFile, stat } from 'node:fs/promises';
import * as path from 'node:path';

/** What runs a model on the processor. */
const EXTRA = '[cpu]';

/** A folder or file that a person chose, as pip takes it, or why it cannot be installed; its code will be run. */
export async function requirementOf(file: string): Promise<{ requirement: string } | { reason: string }> {
  try {
    if (!(await stat(file)).isDirectory()) {
      return /^glm_lsp-.+\.whl$/i.test(path.basename(file))
        ? { requirement: file + EXTRA }
        : { reason: `${file} is no wheel of glm-lsp: its name is not glm_lsp-VERSION-….whl` };
    }
    const project = await readFile(path.join(file, 'pyproject.toml'), 'utf8');
    if (/^\s*name\s*=\s*(["'])glm-lsp\1\s*(#.*)?$/m.test(project)) {
      return { requirement: file + EXTRA };
    }
  } catch {
    // Told below: there is no such file.
  }
  return { reason: `${file} is no checkout of glm-lsp: it has no pyproject.toml that says so` };
}
