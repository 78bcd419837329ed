"""How the page looks: light and dark, and in VS Code the colours of its theme."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --fg: #1f2328; --dim: #59636e; --bg: #ffffff; --box: #f6f8fa; --rule: #d1d9e0;
  --warn: #9a6700; --warn-bg: #fff8c5;
  --c0: #0969da; --c1: #cf5b16; --c2: #1a7f37; --c3: #8250df; --c4: #bf3989; --c5: #6e7781;
  --c6: #9a6700; --c7: #0a8a8a; }
@media (prefers-color-scheme: dark) { :root { --fg: #e6edf3; --dim: #9198a1; --bg: #0d1117; --box: #161b22;
  --rule: #30363d; --warn: #e3b341; --warn-bg: #2d2305;
  --c0: #58a6ff; --c1: #f0883e; --c2: #3fb950; --c3: #bc8cff; --c4: #f778ba; --c5: #8b949e;
  --c6: #d4a72c; --c7: #39c5cf; } }
body.vscode-light, body.vscode-high-contrast-light { --c0: #0969da; --c1: #cf5b16; --c2: #1a7f37; --c3: #8250df;
  --c4: #bf3989; --c5: #6e7781; --c6: #9a6700; --c7: #0a8a8a; --warn: #9a6700; --warn-bg: #fff8c5; }
body.vscode-dark, body.vscode-high-contrast { --c0: #58a6ff; --c1: #f0883e; --c2: #3fb950; --c3: #bc8cff;
  --c4: #f778ba; --c5: #8b949e; --c6: #d4a72c; --c7: #39c5cf; --warn: #e3b341; --warn-bg: #2d2305; }
body.vscode-light, body.vscode-dark, body.vscode-high-contrast, body.vscode-high-contrast-light {
  --fg: var(--vscode-editor-foreground); --bg: var(--vscode-editor-background);
  --dim: var(--vscode-descriptionForeground, var(--fg)); --box: var(--vscode-textBlockQuote-background, transparent);
  --rule: var(--vscode-panel-border, currentColor); }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 68rem; color: var(--fg); background: var(--bg);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 0; }
h2 code { font-size: 1.05rem; }
p { margin: .25rem 0 .75rem; }
.dim { color: var(--dim); }
section { border: 1px solid var(--rule); border-radius: 8px; padding: 1.1rem 1.25rem; margin: 1.25rem 0; }
.notes { background: var(--warn-bg); color: var(--warn); border-color: currentColor; }
.warning { background: var(--warn-bg); color: var(--warn); border-radius: 6px; padding: .4rem .75rem; }
ul { margin: .25rem 0; padding-left: 1.2rem; overflow-wrap: anywhere; }
.facts { display: flex; flex-wrap: wrap; gap: .15rem 1.5rem; margin: .5rem 0 .9rem; }
.facts div { min-width: 0; overflow-wrap: anywhere; }
.facts dt { display: inline; color: var(--dim); }
.facts dt::after { content: " "; }
.facts dd { display: inline; margin: 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .25rem 0 1rem; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .28rem .6rem; border-bottom: 1px solid var(--rule); vertical-align: top; }
th { color: var(--dim); font-weight: 600; font-size: .85rem; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; width: 99%; }
td:not(:first-child) { white-space: nowrap; }
small { display: block; color: var(--dim); font-size: .84rem; }
td.main { font-weight: 600; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(26rem, 100%), 1fr)); gap: 1rem; }
figure { margin: 0; min-width: 0; padding: .75rem; background: var(--box); border-radius: 6px; }
figcaption { font-weight: 600; font-size: .9rem; margin-bottom: .25rem; }
svg { display: block; width: 100%; height: auto; }
.grid { stroke: var(--rule); stroke-width: 1; }
.tick { fill: var(--dim); font-size: 11px; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line.c0 { stroke: var(--c0); } .line.c1 { stroke: var(--c1); } .line.c2 { stroke: var(--c2); }
.line.c3 { stroke: var(--c3); } .line.c4 { stroke: var(--c4); } .line.c5 { stroke: var(--c5); }
.line.c6 { stroke: var(--c6); } .line.c7 { stroke: var(--c7); }
.bar.c0, .dot.c0 { fill: var(--c0); } .bar.c1, .dot.c1 { fill: var(--c1); } .bar.c2, .dot.c2 { fill: var(--c2); }
.bar.c3, .dot.c3 { fill: var(--c3); } .bar.c4, .dot.c4 { fill: var(--c4); } .bar.c5, .dot.c5 { fill: var(--c5); }
.bar.c6, .dot.c6 { fill: var(--c6); } .bar.c7, .dot.c7 { fill: var(--c7); }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1rem; font-size: .82rem; color: var(--dim); }
.key { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .35em; }
.key.c0 { background: var(--c0); } .key.c1 { background: var(--c1); } .key.c2 { background: var(--c2); }
.key.c3 { background: var(--c3); } .key.c4 { background: var(--c4); } .key.c5 { background: var(--c5); }
.key.c6 { background: var(--c6); } .key.c7 { background: var(--c7); }
h3 { font-size: 1rem; margin: 1.1rem 0 .25rem; }
details { margin-top: 1rem; }
summary { cursor: pointer; color: var(--dim); }
pre { overflow-x: auto; background: var(--box); border-radius: 6px; padding: .75rem; font-size: .8rem;
  line-height: 1.4; }
"""
