import { readFile, stat } from 'node:fs/promises';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';

/** A folder or file that a person chose, as pip takes it, or why it cannot be installed; its code will be run. */
export async function requirementOf(file: string): Promise<{ requirement: string } | { reason: string }> {
  try {
    if (!(await stat(file)).isDirectory()) {
      return /^glm_lsp-.+\.whl$/i.test(path.basename(file))
        ? { requirement: requirement(file) }
        : { reason: `${file} is no wheel of glm-lsp: its name is not glm_lsp-VERSION-….whl` };
    }
    const project = await readFile(path.join(file, 'pyproject.toml'), 'utf8');
    if (/^\s*name\s*=\s*(["'])glm-lsp\1\s*(#.*)?$/m.test(project)) {
      return { requirement: requirement(file) };
    }
  } catch {
    // Told below: there is no such file.
  }
  return { reason: `${file} is no checkout of glm-lsp: it has no pyproject.toml that says so` };
}

/** By address, as pip takes brackets and semicolons of a path for something else. [cpu] runs models on the processor. */
function requirement(file: string): string {
  return `glm-lsp[cpu] @ ${pathToFileURL(file).href.replaceAll(';', '%3B')}`;
}
