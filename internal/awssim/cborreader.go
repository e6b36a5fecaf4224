package awssim

import (
	"encoding/binary"
	"errors"
	"math"
)

// cborReader reads the CBOR of a GetMetricData request in one pass: with 500 queries a call, reflection would take half of the simulator's time.
// The first error sticks and ends all loops. Members that nobody asks for, and null, are skipped.
type cborReader struct {
	data    []byte
	depth   int
	err     error
	strings map[string]string // seen before: names repeat from query to query
}

// Major types and the values of the seventh that are read (RFC 8949, section 3).
const (
	cborUnsigned = iota
	cborNegative
	cborBytes
	cborText
	cborArray
	cborMap
	cborTag
	cborSimple

	cborFalse   = 20
	cborTrue    = 21
	cborNull    = 22
	cborUndef   = 23
	cborFloat32 = 26
	cborFloat64 = 27

	cborIndefinite = 31 // additional information of an indefinite length
	cborBreak      = 0xff
	maxCBORDepth   = 16
)

var errCBOR = errors.New("it is not the CBOR that was expected")

func (r *cborReader) fail() {
	if r.err == nil {
		r.err = errCBOR
	}
	r.data = nil
}

// head reads the head of an item: major type, additional information and argument.
func (r *cborReader) head() (major, info byte, n uint64) {
	if len(r.data) == 0 {
		r.fail()
		return 0, 0, 0
	}
	major, info = r.data[0]>>5, r.data[0]&31
	r.data = r.data[1:]
	if info < 24 || info == cborIndefinite {
		return major, info, uint64(info)
	}
	size := 1 << (info - 24)
	if info > 27 || len(r.data) < size {
		r.fail()
		return 0, 0, 0
	}
	var buffer [8]byte
	copy(buffer[8-size:], r.data[:size])
	r.data = r.data[size:]
	return major, info, binary.BigEndian.Uint64(buffer[:])
}

// null reads a null or undefined and reports whether there was one.
func (r *cborReader) null() bool {
	if len(r.data) > 0 && (r.data[0] == cborSimple<<5|cborNull || r.data[0] == cborSimple<<5|cborUndef) {
		r.data = r.data[1:]
		return true
	}
	return false
}

// each reads an array or a map of either kind of length and calls item before each of its elements or keys.
func (r *cborReader) each(want byte, item func()) {
	if r.null() {
		return
	}
	major, info, n := r.head()
	if major != want || r.depth >= maxCBORDepth {
		r.fail()
		return
	}
	r.depth++
	defer func() { r.depth-- }()
	if info == cborIndefinite {
		for r.err == nil {
			if len(r.data) > 0 && r.data[0] == cborBreak {
				r.data = r.data[1:]
				return
			}
			item()
		}
		return
	}
	for ; n > 0 && r.err == nil; n-- {
		item()
	}
}

func (r *cborReader) array(item func()) { r.each(cborArray, item) }

func (r *cborReader) object(member func(name string)) {
	r.each(cborMap, func() { member(r.text()) })
}

// text reads a text string.
func (r *cborReader) text() string {
	if r.null() {
		return ""
	}
	major, info, n := r.head()
	if major != cborText || info == cborIndefinite || n > uint64(len(r.data)) {
		r.fail()
		return ""
	}
	raw := r.data[:n]
	r.data = r.data[n:]
	if known, ok := r.strings[string(raw)]; ok {
		return known
	}
	s := string(raw)
	if r.strings == nil {
		r.strings = map[string]string{}
	}
	r.strings[s] = s
	return s
}

// number reads an integer or a floating-point number.
func (r *cborReader) number() float64 {
	if r.null() {
		return 0
	}
	major, info, n := r.head()
	switch {
	case major == cborUnsigned && info != cborIndefinite:
		return float64(n)
	case major == cborNegative && info != cborIndefinite:
		return -1 - float64(n)
	case major == cborSimple && info == cborFloat32:
		return float64(math.Float32frombits(uint32(n)))
	case major == cborSimple && info == cborFloat64:
		return math.Float64frombits(n)
	}
	r.fail()
	return 0
}

// integer reads a 32-bit integer.
func (r *cborReader) integer() int32 {
	n := r.number()
	if n != math.Trunc(n) || n < math.MinInt32 || n > math.MaxInt32 {
		r.fail()
		return 0
	}
	return int32(n)
}

func (r *cborReader) boolean() bool {
	major, _, n := r.head()
	if major != cborSimple || n != cborFalse && n != cborTrue {
		r.fail()
	}
	return n == cborTrue
}

// instant reads a timestamp: epoch seconds with tag 1.
func (r *cborReader) instant() *instant {
	if r.null() {
		return nil
	}
	if len(r.data) > 0 && r.data[0]>>5 == cborTag {
		if _, _, tag := r.head(); tag != 1 {
			r.fail()
		}
	}
	seconds := r.number()
	if !(math.Abs(seconds) <= maxEpoch) {
		r.fail()
		return nil
	}
	at := epochTime(seconds)
	return &at
}

// skip reads an item of any kind.
func (r *cborReader) skip() {
	if len(r.data) == 0 {
		r.fail()
		return
	}
	switch major := r.data[0] >> 5; major {
	case cborArray:
		r.array(r.skip)
	case cborMap:
		r.each(cborMap, func() { r.skip(); r.skip() })
	case cborTag:
		if r.depth++; r.depth > maxCBORDepth {
			r.fail()
		}
		r.head()
		r.skip()
		r.depth--
	default:
		_, info, n := r.head()
		switch {
		case info == cborIndefinite:
			r.fail() // indefinite strings are not sent by anybody
		case major == cborBytes || major == cborText:
			if n > uint64(len(r.data)) {
				r.fail()
				return
			}
			r.data = r.data[n:]
		}
	}
}
