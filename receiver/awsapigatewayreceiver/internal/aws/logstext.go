package aws

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

const (
	everyByte = 0x0101010101010101
	highBits  = 0x8080808080808080
	// textRoom is how far to the left texts are moved. Then eight bytes can be written wherever text goes without touching what is not yet read.
	// The room is there: before a text stands its key with two quotes and a colon, and no key whose text we take is shorter than seven bytes.
	textRoom = 8
)

// textMarks finds in eight bytes of a string, in the order of little-endian, what is no plain text: the results have the high bits of backslashes
// set, and of quotes and control characters.
func textMarks(v uint64) (backslashes, ends uint64) {
	// Bytes of seven bits can be added to without a carry into the next. Flipping 0x02 moves the quote, 0x22, to 0x20 and leaves the control
	// characters where they are: below 0x21 are exactly these.
	seven := v &^ highBits
	backslashes = ^((seven ^ '\\'*everyByte) + 0x7f*everyByte | v) & highBits
	ends = ^((seven ^ 0x02*everyByte) + (0x80-0x21)*everyByte | v) & highBits
	return backslashes, ends
}

// hasControl reports whether there are control characters in eight bytes.
func hasControl(v uint64) bool { return ^(v&^highBits+(0x80-0x20)*everyByte|v)&highBits != 0 }

// text reads a string and unescapes it in place, eight bytes at a time. Lines of logs are JSON in JSON, with an escaped quote every ten bytes or so
// where nobody can foresee it: a word in which only quotes are escaped is done at once, wherever they are.
func (s *logScanner) text() (string, error) {
	if s.buf[s.i] != '"' {
		return "", s.fail("no string")
	}
	buf := s.buf
	read := s.i + 1
	start := read - textRoom
	write := start
	seen := uint64(0)
	carry := uint64(0) // the high bit of the first byte where the backslash before it is taken out already
	for {
		v := binary.LittleEndian.Uint64(buf[read : read+8])
		seen |= v
		backslashes, ends := textMarks(v)
		if backslashes|ends == 0 && carry == 0 {
			binary.LittleEndian.PutUint64(buf[write:write+8], v)
			read += 8
			write += 8
			continue
		}
		if backslashes<<8|carry == ends && !hasControl(v) { // each quote is escaped, and each escape is a quote
			carry = backslashes >> 56
			word, length := takeOut(v, backslashes)
			binary.LittleEndian.PutUint64(buf[write:write+8], word)
			read += 8
			write += length
			continue
		}
		plain := bits.TrailingZeros64(backslashes|ends) / 8
		if carry != 0 {
			carry, plain = 0, -1
		} else {
			binary.LittleEndian.PutUint64(buf[write:write+8], v)
			write += plain
		}
		read += plain
		switch buf[read] {
		case '"':
			s.i = read + 1
			return validText(buf[start:write], seen&highBits != 0), nil
		case '\\':
			if c := unescaped[buf[read+1]]; c != 0 {
				buf[write] = c
				write++
				read += 2
				continue
			}
			s.i = read
			r, err := s.escape()
			if err != nil {
				return "", err
			}
			write += utf8.EncodeRune(buf[write:], r)
			read = s.i
		default:
			s.i = read
			return "", s.fail("a string that does not end, or a control character in it")
		}
	}
}

// takeOut takes the marked bytes out of a word.
func takeOut(v, marks uint64) (word uint64, length int) {
	for length = 8; marks != 0; length-- {
		first := marks & -marks
		before := first>>7 - 1
		v = v&before | v>>8&^before
		marks = (marks ^ first) >> 8
	}
	return v, length
}

// unescaped has what the escapes of one character stand for.
var unescaped = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads one escape. Half of a surrogate pair is U+FFFD.
func (s *logScanner) escape() (rune, error) {
	c := s.buf[s.i+1]
	if plain := unescaped[c]; plain != 0 {
		s.i += 2
		return rune(plain), nil
	}
	r := s.unicodeEscape()
	if r < 0 {
		return 0, s.fail("an escape that is none")
	}
	s.i += 6
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if pair := utf16.DecodeRune(r, s.unicodeEscape()); pair != utf8.RuneError {
		s.i += 6
		return pair, nil
	}
	return utf8.RuneError, nil
}

// unicodeEscape returns the code unit of the \u escape at i, -1 where there is none.
func (s *logScanner) unicodeEscape() rune {
	if s.buf[s.i] != '\\' || s.buf[s.i+1] != 'u' {
		return -1
	}
	r := rune(0)
	for _, c := range s.buf[s.i+2 : s.i+6] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return -1
		}
	}
	return r
}

// validText makes a string of the bytes without copying them, unless they are no UTF-8.
func validText(b []byte, foreign bool) string {
	text := unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // nothing writes to these bytes any more
	if !foreign || utf8.ValidString(text) {
		return text
	}
	var repaired strings.Builder
	for _, r := range text {
		repaired.WriteRune(r)
	}
	return repaired.String()
}
