// The page works without this. With it, what the bot offers appears while somebody types, and what is new
// appears by itself.
'use strict';

const posts = document.getElementById('posts');
posts.scrollTop = posts.scrollHeight;

// What the bot offers: asked for a moment after the last key.
let waiting = 0;
document.addEventListener('input', (event) => {
  const input = event.target;
  const cursor = input.dataset.offers;
  if (!cursor) return;
  clearTimeout(waiting);
  waiting = setTimeout(async () => {
    const fields = new URLSearchParams(new FormData(input.form));
    fields.set('cursor', cursor);
    const answer = await fetch(location.pathname + '/offers?' + fields);
    if (!answer.ok) return;
    const list = document.getElementById(input.getAttribute('list'));
    list.replaceChildren(...(await answer.json()).map(({ label, value }) => {
      const option = document.createElement('option');
      option.value = value;
      option.label = label;
      return option;
    }));
  }, 200);
});

// What is new: the list of messages is fetched again and put in the place of the old one, unless a modal is
// being filled in or something in the list has the keyboard.
async function watch(version) {
  for (;;) {
    const answer = await fetch('/news?since=' + version);
    if (!answer.ok) return;
    const now = Number(await answer.text());
    if (now === version) continue;
    version = now;
    if (document.querySelector('.modal') || posts.contains(document.activeElement)) continue;
    const text = await (await fetch(location.pathname)).text();
    const fresh = new DOMParser().parseFromString(text, 'text/html');
    for (const part of ['#posts', 'nav']) {
      document.querySelector(part).replaceChildren(...fresh.querySelector(part).childNodes);
    }
    posts.scrollTop = posts.scrollHeight;
  }
}
watch(Number(document.body.dataset.version)).catch(() => {});
