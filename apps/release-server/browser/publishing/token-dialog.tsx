import { askInDialog } from './dialog.js';
import { ProblemWords } from './problem-words.js';
import type { Problem } from './problem.js';

/** Has somebody type the token; see `AskForToken`. */
export function askForToken(refused: Problem | undefined): Promise<string | undefined> {
  return askInDialog<string>('token-heading', (answer, close) => (
    <form
      method="dialog"
      onSubmit={(event) => {
        event.preventDefault();
        const field = event.currentTarget.elements.namedItem('token') as HTMLInputElement;
        answer(takeFrom(field));
      }}
    >
      <h2 id="token-heading">Sign in with a token</h2>
      {refused !== undefined && (
        <div role="alert">
          <ProblemWords problem={refused} />
        </div>
      )}
      <label for="token">Token</label>
      <input
        id="token"
        type="password"
        autocomplete="off"
        spellcheck={false}
        required
        pattern="\s*[!-~]+\s*"
        title="A token has neither spaces nor letters beyond ASCII."
        aria-describedby="token-note"
      />
      <p id="token-note" class="quiet">
        One that the server's configuration knows. It stays in the memory of this tab until you close or
        reload it, and goes to this server only.
      </p>
      <div class="choices">
        <button type="button" onClick={close}>
          Cancel
        </button>
        <button type="submit" class="primary">
          Use this token
        </button>
      </div>
    </form>
  ));
}

/** Nothing of it stays in the page. */
function takeFrom(field: HTMLInputElement): string {
  const token = field.value.trim();
  field.value = '';
  return token;
}
