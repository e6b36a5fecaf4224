package main

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var variable = regexp.MustCompile(`--(\w+(?:-\w+)?): #([0-9a-f]{6});`)

// luminance is a color's relative luminance (WCAG 2.2).
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		require.NoError(t, err)
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

// Texts need a contrast of 4.5 to 1, what is drawn one of 3 to 1 (WCAG 2.2, 1.4.3 and 1.4.11), in both color schemes.
func TestColorsCanBeToldApart(t *testing.T) {
	text, err := pageFiles.ReadFile("page/style.css")
	require.NoError(t, err)
	light, rest, found := strings.Cut(string(text), "@media (prefers-color-scheme: dark)")
	require.True(t, found)
	dark, _, _ := strings.Cut(rest, "\n}\n")
	for name, scheme := range map[string]string{"light": light, "dark": dark} {
		colors := map[string]float64{}
		for _, v := range variable.FindAllStringSubmatch(scheme, -1) {
			colors[v[1]] = luminance(t, v[2])
		}
		for _, pair := range []struct {
			over, under string
			least       float64
		}{
			{"text", "back", 4.5},
			{"text", "panel", 4.5},
			{"quiet", "back", 4.5},
			{"quiet", "panel", 4.5},
			{"bad", "panel", 4.5},
			{"bad", "bad-back", 4.5},
			{"warn", "warn-back", 4.5},
			{"accent", "panel", 3},
			{"mark", "panel", 3},
			{"other", "panel", 3},
			{"line1", "panel", 3},
			{"line2", "panel", 3},
			{"line3", "panel", 3},
			{"line4", "panel", 3},
			{"line5", "panel", 3},
			{"line6", "panel", 3},
		} {
			a, b := colors[pair.over], colors[pair.under]
			assert.GreaterOrEqual(t, (max(a, b)+0.05)/(min(a, b)+0.05), pair.least, "%s: %s on %s", name, pair.over, pair.under)
		}
	}
}
