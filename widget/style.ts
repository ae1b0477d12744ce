/** The widget's look. It takes font, colour and colour scheme from the page around it; the custom properties change the rest. */
export const STYLE = `
:host { display: block; --ok: var(--lockkeeper-ok, light-dark(#2a6b3c, #74c48a)); --warning: var(--lockkeeper-warning, light-dark(#7a5c00, #e6c454)); --critical: var(--lockkeeper-critical, light-dark(#b3141d, #ff7b7b)); --running: var(--lockkeeper-running, light-dark(#1157b8, #79b3ff)); --quiet: var(--lockkeeper-quiet, light-dark(#585f66, #a2a9b0)); --line: var(--lockkeeper-line, light-dark(#d9dbd7, #33383d)); }
:host([hidden]) { display: none; }
* { box-sizing: border-box; margin: 0; padding: 0; }
section { border: 1px solid var(--line); border-radius: 8px; overflow-wrap: anywhere; }
header, article { padding: 0.75em 1em; }
header { display: flex; flex-wrap: wrap; gap: 0.2em 1em; justify-content: space-between; align-items: baseline; }
article { border-top: 1px solid var(--line); }
h3 { font-size: 1em; }
ul { list-style: none; }
p, li { margin-top: 0.2em; }
.word { font-weight: 650; }
.word::before { content: ""; display: inline-block; width: 0.55em; height: 0.55em; margin-right: 0.5em; border-radius: 50%; background: currentColor; }
.ok { color: var(--ok); } .warning { color: var(--warning); } .critical { color: var(--critical); } .running { color: var(--running); } .unknown, .quiet { color: var(--quiet); }
.quiet { font-size: 0.875em; }
`;
