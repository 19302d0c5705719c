import { announce } from '../dom.js';

/**
 * Puts a button that forgets the token beside the one that publishes. The function that is returned shows it, and the
 * buttons that delete, while there is a token.
 */
export function showTokenButton(publish: HTMLElement, forget: () => void): (known: boolean) => void {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Forget the token';
  button.hidden = true;
  button.addEventListener('click', () => {
    publish.focus();
    forget();
    announce('The token is forgotten');
  });
  publish.before(button);
  return (known) => {
    button.hidden = !known;
    if (known) document.body.dataset['token'] = 'yes';
    else delete document.body.dataset['token'];
  };
}
