package segment

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// time reads a time in seconds, which should be a number. One with an unusable value stays as it is.
func (r *reader) time(to *pcommon.Timestamp) {
	v := r.value()
	t, ok := parseSeconds(v.text)
	switch {
	case ok && (v.kind == number || v.kind == text):
		*to = t
	case v.kind != null:
		r.unknown++
	}
}

const (
	nanoDigits = 9 // behind the point
	maxNanos   = 1<<63 - 1
)

// parseSeconds reads Unix seconds, 1480615200.010 or 1.480615200010E9, digit by digit: a float64 has no room for nanoseconds. Digits beyond them are
// cut off. Times before 1970, or after 2262, are none.
func parseSeconds(s string) (pcommon.Timestamp, bool) {
	mantissa, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent = s[:i], s[i+1:]
	}
	shift, ok := parseExponent(exponent)
	if !ok {
		return 0, false
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if len(whole)+len(fraction) == 0 {
		return 0, false
	}
	var n uint64
	places := len(whole) + shift + nanoDigits // how many of the digits count
	for i := range len(whole) + len(fraction) {
		c := digitAt(whole, fraction, i) - '0'
		if c > 9 {
			return 0, false
		}
		if i >= places {
			continue
		}
		if n > maxNanos/10 {
			return 0, false
		}
		n = n*10 + uint64(c)
	}
	for i := len(whole) + len(fraction); i < places && n > 0; i++ {
		if n > maxNanos/10 {
			return 0, false
		}
		n *= 10
	}
	return pcommon.Timestamp(n), 0 < n && n <= maxNanos
}

func digitAt(whole, fraction string, i int) byte {
	if i < len(whole) {
		return whole[i]
	}
	return fraction[i-len(whole)]
}

// parseExponent reads at most two digits with a sign: no time has more.
func parseExponent(s string) (n int, ok bool) {
	digits, negative := strings.CutPrefix(s, "-")
	digits = strings.TrimPrefix(digits, "+")
	if len(digits) > 2 {
		return 0, false
	}
	for i := range len(digits) {
		if digits[i]-'0' > 9 {
			return 0, false
		}
		n = n*10 + int(digits[i]-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}
