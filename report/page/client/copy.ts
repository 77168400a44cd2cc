/**
 * Buttons that copy a command.
 */

const SHOWN_MILLISECONDS = 1500;

/** Shows the button beside every `[data-copy]`, and says so when the command was copied. */
export function offerCopying(within: ParentNode): void {
  for (const box of within.querySelectorAll('[data-copy]')) {
    const [text, button] = [box.querySelector('code'), box.querySelector('button')];
    if (text === null || button === null) continue;
    button.hidden = false;
    button.addEventListener('click', () => {
      const said = (word: string): void => {
        button.textContent = word;
        setTimeout(() => {
          button.textContent = 'Copy';
        }, SHOWN_MILLISECONDS);
      };
      navigator.clipboard.writeText(text.textContent).then(
        () => said('Copied'),
        () => {
          // Where the clipboard is refused the command is selected, ready for the keyboard.
          getSelection()?.selectAllChildren(text);
          said('Selected');
        },
      );
    });
  }
}
