// Looks at VS Code from inside its page: runs there before the page's own code does, and so knows nothing but the page.

export const PAGE = () => {
  const GHOST = '[class*="ghost-text"]';
  const top = (line) => Number.parseFloat(line.style.top);
  const plain = (text) => text.replaceAll('\u00a0', ' ').replaceAll('\u200c', '');
  // Lines lie in the document in any order; what is shown beyond the text is in them, too.
  const shown = () => {
    const lines = [...document.querySelectorAll('.editor-instance .view-lines > .view-line')];
    return lines.sort((one, other) => top(one) - top(other));
  };
  const textOf = (line) => {
    const copy = line.cloneNode(true);
    for (const ghost of copy.querySelectorAll(GHOST)) ghost.remove();
    return plain(copy.textContent);
  };
  // A ghost in a ghost would be counted twice.
  const ghosts = (within) => [...within.querySelectorAll(GHOST)].filter((each) => !each.parentElement.closest(GHOST));
  const now = () => performance.timeOrigin + performance.now();
  const glm = {
    /** The wall clock in ms, finer than `Date` has it. */
    now,
    /** The document as it is shown, top to bottom. */
    lines: () => shown().map(textOf),
    /** What is shown beyond it. */
    ghostText: () => {
      const inLines = shown().flatMap((line) => ghosts(line).map((each) => plain(each.textContent)));
      const below = [...document.querySelectorAll('.editor-instance .view-zones .suggest-preview-text')];
      const belowLines = below.flatMap((zone) => [...zone.querySelectorAll('.view-line')].sort((a, b) => top(a) - top(b)));
      return [inLines.join(''), ...belowLines.map((line) => plain(line.textContent))].join('\n');
    },
    /** Notes each key, and each state of the editor that stood on the screen; times in ms of the wall clock. */
    record: (withLines) => {
      glm.stop?.();
      const record = { keys: [], frames: [] };
      const onKey = (event) => record.keys.push({ at: now(), key: event.key });
      document.addEventListener('keydown', onKey, true);
      let isChanged = true;
      const observer = new MutationObserver(() => {
        isChanged = true;
      });
      const editor = document.querySelector('.editor-instance');
      observer.observe(editor, { subtree: true, childList: true, characterData: true, attributes: true });
      // A message that is sent before painting arrives right after it.
      const painted = new MessageChannel();
      painted.port1.onmessage = () => {
        if (isChanged) {
          isChanged = false;
          record.frames.push({ at: now(), lines: withLines ? glm.lines() : [], ghost: glm.ghostText() });
        }
      };
      let isOver = false;
      const eachFrame = () => {
        painted.port2.postMessage(0);
        if (!isOver) requestAnimationFrame(eachFrame);
      };
      requestAnimationFrame(eachFrame);
      glm.stop = () => {
        isOver = true;
        observer.disconnect();
        document.removeEventListener('keydown', onKey, true);
        glm.stop = undefined;
        return record;
      };
    },
  };
  window.glm = glm;
};
