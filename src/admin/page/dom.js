/** Sets a text only when it changed, so that a selection by the user is kept. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** The elements of the document that carry `data-value`, `data-part`, `data-rows` or `data-empty`, by its value. */
function collect(attribute) {
  const key = `data-${attribute}`;
  return Object.fromEntries([...document.querySelectorAll(`[${key}]`)].map((el) => [el.getAttribute(key), el]));
}

const values = collect('value');
export const emptyNotes = collect('empty');
const bodies = collect('rows');
export const parts = collect('part');

// some browsers cannot scroll a box by keyboard without a focusable element in it
for (const box of document.querySelectorAll('.scroll')) box.tabIndex = 0;

/** Shows `text` where the document has `data-value="name"`. */
export function show(name, text) {
  setText(values[name], text);
}

/** Fills a meter; `share` is 1 when it is full. */
export function setMeter(name, label, share) {
  parts[name].value = share * 100;
  parts[name].setAttribute('aria-label', label);
}

/** Gives a part its colour: `good`, `warn`, `bad` or `idle`. */
export function setTone(name, tone) {
  parts[name].dataset.tone = tone;
}

/**
 * Fills a table with rows of cells, reusing the rows that are there. A cell is a text, or `{ text, share }` for a bar
 * behind it, or `{ text, title }`. The first cell heads its row; the others are numbers unless `plain` has their index.
 */
export function fillRows(name, rows, plain = []) {
  const body = bodies[name];
  while (body.rows.length > rows.length) body.deleteRow(-1);
  for (const [i, cells] of rows.entries()) fillRow(body.rows[i] ?? body.insertRow(), cells, plain);
  if (emptyNotes[name] !== undefined) emptyNotes[name].hidden = rows.length > 0;
}

function fillRow(row, cells, plain) {
  while (row.cells.length > cells.length) row.deleteCell(-1);
  for (const [i, cell] of cells.entries()) {
    const { text, title, share } = typeof cell === 'string' ? { text: cell } : cell;
    const element = row.cells[i] ?? row.appendChild(newCell(i, plain));
    setText(element, text);
    if (title !== undefined && element.title !== title) element.title = title;
    if (share !== undefined) row.style.setProperty('--share', `${Math.round(share * 1000) / 10}%`);
  }
}

function newCell(index, plain) {
  const cell = document.createElement(index === 0 ? 'th' : 'td');
  if (index === 0) cell.scope = 'row';
  else if (!plain.includes(index)) cell.className = 'number';
  return cell;
}

/** Replaces the list items of `element` when they differ. */
export function fillList(element, texts) {
  if (element.children.length === texts.length && texts.every((text, i) => element.children[i].textContent === text))
    return;
  element.replaceChildren(
    ...texts.map((text) => {
      const item = document.createElement('li');
      item.textContent = text;
      return item;
    }),
  );
}
