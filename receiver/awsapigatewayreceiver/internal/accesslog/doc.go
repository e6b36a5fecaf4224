// Package accesslog reads the access logs of API Gateway: it compiles a stage's format into a decoder, and maps what a line says to a log record.
//
// A format is text with $context variables in it. API Gateway puts values in their places as they are: no escaping is documented, and what is absent
// is a hyphen. A name is words of letters, digits and underscores with dots between, as long as it goes. The names of claims and of overridden headers
// are the user's, and may also have hyphens, and claims colons (cognito:username), wherever a letter, digit or underscore follows.
//
// # How a line is read
//
// Each variable has a grammar: a number, a date with the form of requestTime, a path that begins with a slash, a word without blanks, quotes and
// commas, any text, and so on. A hyphen and nothing at all fit each of them, and mean that the value is absent. A reading of a line gives each variable
// a part of it, so that parts and literal text make up the line, and each part fits its grammar. Of all readings, the one counts whose first variable
// is as short as can be, then whose second is, and so on, with three exceptions, where one part alone is considered:
//
//   - a date, true and false are whole wherever they stand;
//   - a route key that begins with a method, a blank and a slash includes its path;
//   - a variable that another one follows directly takes all that its grammar can have, unless it is text, or quoted.
//
// Where no reading is found, all grammars but those of numbers, dates and truth values become text, and the line is read again. White space that ends
// a format may be missing from the line.
//
// Values can have the text in them that separates them. Mostly, the rest of the line then fits one reading only. Where it often will not, a format is
// ambiguous: two variables can both have what stands between them, and all of that is at most four characters without letters and digits: blanks,
// commas, tabs, bars, quotes, or nothing at all. The rule above still says what comes out.
//
// # Escapes
//
// In a format that is a JSON object, a value inside a string whose every backslash begins a JSON escape, and which has neither a quote nor a control
// character, was escaped, and is unescaped; in one that is XML, a value whose every ampersand begins an entity, and which has no "<". Any other value was
// written as it is, and is left so. The quotes of error.messageString are not part of its value, for which the same rule holds.
package accesslog
