/** What `glm/status` says; shares are from 0 to 1, and null as long as there is nothing to take them of. */
export interface Status {
  state: 'starting' | 'ready' | 'busy' | 'error' | 'inactive';
  message: string;
  model: string;
  lastMs: number | null;
  numPromptTokens: number;
  numCachedTokens: number;
  hitRate: number | null;
  reuse: number | null;
  p50Ms: number | null;
  p95Ms: number | null;
  shown: number;
  accepted: number;
  acceptedChars: number;
}
