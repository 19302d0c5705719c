import { announce } from './dom.js';

/** For how long a button says that it copied, in milliseconds. */
const SHOWN_MS = 2000;

/** Has buttons with `data-copy` copy the line of that name from what surrounds them. */
export function copyOnClick(): void {
  document.addEventListener('click', (event) => {
    const button = (event.target as Element).closest<HTMLElement>('[data-copy]');
    if (button !== null) void copy(button);
  });
}

async function copy(button: HTMLElement): Promise<void> {
  const { copy: line = '', of = '' } = button.dataset;
  const source = button.closest('tr, .command')?.querySelector<HTMLElement>(`[data-line="${line}"]`);
  const text = source?.dataset['whole'] ?? source?.textContent ?? '';
  const copied = await write(text);
  announce(copied ? `Copied ${of}` : `Your browser does not let this page copy ${of}`);
  show(button, copied ? 'Copied' : 'Failed');
}

/** The words of a button are given back once, however often it is pressed meanwhile. */
function show(button: HTMLElement, words: string): void {
  button.dataset['label'] ??= button.textContent ?? '';
  button.textContent = words;
  button.classList.toggle('copied', words === 'Copied');
  setTimeout(() => {
    button.textContent = button.dataset['label'] ?? '';
    button.classList.remove('copied');
  }, SHOWN_MS);
}

async function write(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Over plain HTTP a page has no clipboard of its own.
    return copySelection(text);
  }
}

function copySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'hidden';
  area.setAttribute('aria-hidden', 'true');
  const { activeElement } = document;
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  if (activeElement instanceof HTMLElement) activeElement.focus();
  return copied;
}
