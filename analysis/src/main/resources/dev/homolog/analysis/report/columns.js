// What the columns of tables are called and mean, as the run's program declares them; docs/definitions.md says it exactly.

/** By table and column: label, meaning, place and uses. The columns of all neurons stand under "neurons", whatever table they are from. */
const declared = {};

function declaration(table, name) {
  return declared[table]?.[name];
}

/** A column's label; that of one that nobody declared is its name. */
function columnLabel(name, table = "neurons") {
  return declaration(table, name)?.label ?? name.replaceAll("_", " ");
}

/** The labels of some columns of a table. */
function columnLabels(table, names) {
  return names.map((name) => columnLabel(name, table));
}

function columnMeaning(name) {
  const column = declaration("neurons", name);
  return column === undefined ? `column ${name}` : `${column.meaning} (${name})`;
}

/** Whether the report does something with a column of all neurons: FIRST, CARD or NOT_COMPARED. */
function columnIs(use, name) {
  return declaration("neurons", name)?.uses.includes(use) ?? false;
}

/** The columns of all neurons with which the report does something, in their places. */
function columnsThatAre(use) {
  return Object.entries(declared.neurons ?? {})
    .filter(([name]) => columnIs(use, name))
    .sort(([, a], [, b]) => a.place - b.place)
    .map(([name]) => name);
}
