package aws

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"strconv"
)

const (
	// logPadding is how many zero bytes follow a document: no loop has to ask where the end is, for a zero byte ends each of them, and eight bytes
	// can be looked at anywhere.
	logPadding = 8
	// maxLogDepth bounds how deep objects and lists may lie in each other, as the SDK and encoding/json do.
	maxLogDepth = 10_000
)

// logScanner walks through a JSON document. Its methods leave i behind what they read, and at the next value where they say so.
type logScanner struct {
	buf []byte
	i   int
}

// fail is the error of a document that has something at i that can't be there. It never quotes the document, which has secrets.
func (s *logScanner) fail(what string) error {
	return fmt.Errorf("%w: %s at byte %d", errMalformed, what, s.i)
}

// space passes over white space and returns the byte after it.
func (s *logScanner) space() byte {
	if c := s.buf[s.i]; c > ' ' {
		return c
	}
	return s.skipSpace()
}

func (s *logScanner) skipSpace() byte {
	for {
		switch c := s.buf[s.i]; c {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return c
		}
	}
}

// open begins an object or a list.
func (s *logScanner) open(c byte) error {
	if s.space() != c {
		return s.fail("no " + string(rune(c)))
	}
	s.i++
	return nil
}

// member goes to the value of the next member of an object that is not null; false: the object ends. The key is good until the value is read.
func (s *logScanner) member(first bool) (key []byte, ok bool, err error) {
	for ; ; first = false {
		c := s.space()
		if c == '}' {
			s.i++
			return nil, false, nil
		}
		if !first {
			if c != ',' {
				return nil, false, s.fail("neither , nor }")
			}
			s.i++
			c = s.space()
		}
		if c != '"' {
			return nil, false, s.fail("no key")
		}
		if key, err = s.key(); err != nil {
			return nil, false, err
		}
		if s.space() != ':' {
			return nil, false, s.fail("no :")
		}
		s.i++
		if s.space() != 'n' {
			return key, true, nil
		}
		if err := s.literal("null"); err != nil {
			return nil, false, err
		}
	}
}

// item goes to the next item of a list; false: the list ends.
func (s *logScanner) item(first bool) (bool, error) {
	c := s.space()
	switch {
	case c == ']':
		s.i++
		return false, nil
	case first:
		return true, nil
	case c != ',':
		return false, s.fail("neither , nor ]")
	}
	s.i++
	s.space()
	return true, nil
}

// key reads the name of a member.
func (s *logScanner) key() ([]byte, error) {
	start := s.i + 1
	escaped, err := s.skipText()
	if err != nil {
		return nil, err
	}
	raw := s.buf[start : s.i-1]
	if !escaped {
		return raw, nil
	}
	// Nobody escapes in names: unescape a copy, with the room that text needs.
	part := logScanner{buf: make([]byte, textRoom, textRoom+len(raw)+2+logPadding), i: textRoom}
	part.buf = append(append(append(part.buf, '"'), raw...), '"')
	part.buf = append(part.buf, make([]byte, logPadding)...)
	key, err := part.text()
	return []byte(key), err
}

// literal reads true, false or null.
func (s *logScanner) literal(word string) error {
	if string(s.buf[s.i:s.i+len(word)]) != word {
		return s.fail("no " + word)
	}
	s.i += len(word)
	return nil
}

// integer reads a whole number of 64 bits.
func (s *logScanner) integer() (int64, error) {
	start := s.i
	n, i := int64(0), start
	d := s.buf[i] - '0'
	for ; d <= 9; d = s.buf[i] - '0' {
		n = n*10 + int64(d)
		i++
	}
	if length := i - start; 0 < length && length < 19 && s.buf[start] != '0' && s.buf[i] != '.' && s.buf[i]|0x20 != 'e' {
		s.i = i
		return n, nil
	}
	if err := s.skipNumber(); err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(string(s.buf[start:s.i]), 10, 64)
	if err != nil {
		s.i = start
		return 0, s.fail("no whole number of 64 bits")
	}
	return n, nil
}

// skip passes over a value inside of depth objects and lists.
func (s *logScanner) skip(depth int) error {
	switch c := s.buf[s.i]; c {
	case '{', '[':
		if depth >= maxLogDepth {
			return s.fail("nesting too deep")
		}
		s.i++
		return s.skipInside(c, depth+1)
	case '"':
		_, err := s.skipText()
		return err
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	default:
		return s.skipNumber()
	}
}

// skipInside passes over the rest of an object or a list that has just begun.
func (s *logScanner) skipInside(c byte, depth int) error {
	for first := true; ; first = false {
		var more bool
		var err error
		if c == '{' {
			_, more, err = s.member(first)
		} else {
			more, err = s.item(first)
		}
		if err != nil || !more {
			return err
		}
		if err := s.skip(depth); err != nil {
			return err
		}
	}
}

// skipNumber passes over a number.
func (s *logScanner) skipNumber() error {
	if s.buf[s.i] == '-' {
		s.i++
	}
	zero := s.buf[s.i] == '0'
	if n := s.digits(); n == 0 || zero && n > 1 {
		return s.fail("no number")
	}
	if s.buf[s.i] == '.' {
		s.i++
		if s.digits() == 0 {
			return s.fail("no digit after .")
		}
	}
	if c := s.buf[s.i]; c == 'e' || c == 'E' {
		s.i++
		if c := s.buf[s.i]; c == '+' || c == '-' {
			s.i++
		}
		if s.digits() == 0 {
			return s.fail("no digit in the exponent")
		}
	}
	return nil
}

func (s *logScanner) digits() int {
	start := s.i
	for s.buf[s.i]-'0' <= 9 {
		s.i++
	}
	return s.i - start
}

// skipText passes over a string, and tells whether it has escapes.
func (s *logScanner) skipText() (escaped bool, err error) {
	for i := s.i + 1; ; {
		backslashes, ends := textMarks(binary.LittleEndian.Uint64(s.buf[i : i+8]))
		marks := backslashes | ends
		if marks == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(marks) / 8
		s.i = i
		switch s.buf[i] {
		case '"':
			s.i++
			return escaped, nil
		case '\\':
			if _, err := s.escape(); err != nil {
				return false, err
			}
			i = s.i
			escaped = true
		default:
			return false, s.fail("a string that does not end, or a control character in it")
		}
	}
}
