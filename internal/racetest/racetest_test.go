package racetest

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is left out under the race detector is there without it; and scripts/unraced finds who leaves something out.
func TestLess(t *testing.T) {
	cases := map[string]int{"a": 1, "b": 2}
	left := Fewer(cases, "b")
	skipped := !t.Run("skipped", func(t *testing.T) {
		Skip(t)
		assert.False(t, less)
	})
	assert.False(t, skipped)
	if less {
		assert.Equal(t, map[string]int{"b": 2}, left)
		assert.Greater(t, Thinned, 1)
	} else {
		assert.Equal(t, map[string]int{"a": 1, "b": 2}, left)
		assert.Equal(t, 1, Thinned)
	}
	for what, want := range map[string]string{"folders": "./receiver/awsapigatewayreceiver\n", "tests": "|TestThousandRequestsASecondAtQuota|"} {
		out, err := exec.Command("../../scripts/unraced", what).Output()
		require.NoError(t, err)
		assert.Contains(t, string(out), want)
	}
}
