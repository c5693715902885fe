//go:build !unix

package main

// controllingTerminal is where questions go when standard error is redirected.
const controllingTerminal = "CONOUT$"
