import { render } from 'preact';

import { announce } from '../dom.js';
import { askInDialog } from './dialog.js';
import { kindOf, rightsOf, type Owner } from './owner.js';

/**
 * Shows beside a button who is signed in and what they may, with a way to sign out.
 *
 * @param button - What has the focus afterwards.
 * @returns Shows another owner, or none.
 */
export function showAccount(button: HTMLElement, signOut: () => void): (owner: Owner | undefined) => void {
  const place = document.createElement('div');
  place.className = 'owner';
  place.hidden = true;
  button.before(place);
  return (owner) => {
    place.hidden = owner === undefined;
    render(owner === undefined ? null : <Account owner={owner} signOut={leave} />, place);
    announce(owner === undefined ? 'Signed out' : `Signed in as ${owner.name}, ${rightsOf(owner)}`);
  };

  function leave(): void {
    signOut();
    button.focus();
  }
}

function Account({ owner, signOut }: { readonly owner: Owner; readonly signOut: () => void }) {
  const kind = kindOf(owner);
  return (
    <>
      <p>
        Signed in as{' '}
        <strong>
          <bdi>{owner.name}</bdi>
        </strong>
        <span class="quiet">
          {kind !== undefined && ` (${kind})`}, {rightsOf(owner)}
        </span>
      </p>
      <button type="button" id="sign-out" onClick={signOut}>
        Sign out
      </button>
    </>
  );
}

/** Says where files were to be published that the token does not let anybody. */
export async function tellMayNotPublish(owner: Owner): Promise<void> {
  document.querySelector<HTMLElement>('#sign-out')?.focus();
  await askInDialog<void>('refused-heading', (_, close) => (
    <>
      <h2 id="refused-heading">This token may not publish here</h2>
      <p role="alert">
        <bdi>{owner.name}</bdi> {rightsOf(owner)}. Sign out to use another token.
      </p>
      <div class="choices">
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
    </>
  ));
}
