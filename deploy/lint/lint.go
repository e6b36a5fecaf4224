// Package lint checks what this project deploys by the types and parsers of those who read it. It is a module of its own, so that they are no
// dependencies of the receiver; the test of the folder above runs it.
package lint
