// Package faults runs the built collector, with all signals on, against the embedded AWS while a seeded schedule injects faults, and holds what an OTLP
// receiver recorded to what happened in the embedded AWS's world: nothing is missing, and nothing came twice. See README.md.
package faults

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
