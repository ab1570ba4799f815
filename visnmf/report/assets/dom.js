// Elements, made in one line each. What comes from the document is only ever put in as text.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const pressed = (text, act, attributes = {}) =>
  make('button', { type: 'button', ...attributes, onclick: act }, text);

// A picture with words under it, to be pressed
function tile(canvas, words, act, attributes = {}) {
  const caption = make('span', { class: 'words' }, ...words);
  return make('button', { type: 'button', class: 'tile', ...attributes, onclick: act },
    canvas, caption);
}

const UNSEEN = { 'aria-hidden': 'true' };
const quoted = (name) => make('bdi', {}, name); // a name cannot turn the text around it
const narrow = () => matchMedia('(max-width: 61.9rem)').matches;
