// Zips with which `specify init` starts a project: `.specify/` and the agent's folder at the root.
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';

import { ZipFile } from 'yazl';

/** Where each agent looks for its commands, and the ending that they need there. */
const COMMANDS = {
  copilot: ['.github/prompts', 'prompt.md'],
  claude: ['.claude/commands', 'md'],
  gemini: ['.gemini/commands', 'toml'],
  'cursor-agent': ['.cursor/commands', 'md'],
  qwen: ['.qwen/commands', 'toml'],
  opencode: ['.opencode/command', 'md'],
  codex: ['.codex/prompts', 'md'],
  windsurf: ['.windsurf/workflows', 'md'],
  kilocode: ['.kilocode/workflows', 'md'],
  auggie: ['.augment/commands', 'md'],
  codebuddy: ['.codebuddy/commands', 'md'],
  qoder: ['.qoder/commands', 'md'],
  roo: ['.roo/commands', 'md'],
  q: ['.amazonq/prompts', 'md'],
  amp: ['.agents/commands', 'md'],
  shai: ['.shai/commands', 'md'],
  bob: ['.bob/commands', 'md'],
};
const SCRIPT_FILES = {
  sh: 'scripts/bash/create-new-feature.sh',
  ps: 'scripts/powershell/create-new-feature.ps1',
};
const STEPS = ['specify', 'plan', 'tasks'];
const CONSTITUTION = 'memory/constitution.md';

export const AGENTS = Object.keys(COMMANDS);
export const SCRIPTS = Object.keys(SCRIPT_FILES);

export async function templateZip(agent, script, version) {
  const scriptFile = SCRIPT_FILES[script];
  const shared = [CONSTITUTION, scriptFile, ...STEPS.map((step) => `templates/${step}-template.md`)];
  const entries = {};
  for (const path of shared) entries[`.specify/${path}`] = await source(path);
  const [folder, ending] = COMMANDS[agent];
  for (const step of STEPS) {
    const text = await source(`commands/${step}.md`);
    entries[`${folder}/${step}.${ending}`] = (ending === 'toml' ? toToml(text) : text)
      .replaceAll('{ARGUMENTS}', ending === 'toml' ? '{{args}}' : '$ARGUMENTS')
      .replaceAll('{SCRIPT}', `.specify/${scriptFile}`);
  }
  for (const path of Object.keys(entries)) entries[path] = entries[path].replaceAll('{VERSION}', version);
  return zip(entries);
}

/** What a team puts over any of the templates. */
export async function presetsZip() {
  return zip({ '.specify/memory/constitution.md': await source('../files/team-constitution.md') });
}

function source(path) {
  return readFile(new URL(`template/${path}`, import.meta.url), 'utf8');
}

/** A command in the form of Gemini and Qwen; the front matter of each has one line, its description. */
function toToml(markdown) {
  const [, description, prompt] = /^---\ndescription: (.*)\n---\n\n(.*)$/s.exec(markdown);
  return `description = ${JSON.stringify(description)}\n\nprompt = """\n${prompt}"""\n`;
}

/** The same bytes wherever and whenever: one time in any zone, and no compression, which varies with the processor. */
function zip(entries) {
  const file = new ZipFile();
  for (const [path, text] of Object.entries(entries)) {
    file.addBuffer(Buffer.from(text), path, {
      mtime: new Date(2026, 0, 1),
      forceDosTimestamp: true,
      mode: path.endsWith('.sh') ? 0o100755 : 0o100644,
      compress: false,
    });
  }
  file.end();
  return buffer(file.outputStream);
}
