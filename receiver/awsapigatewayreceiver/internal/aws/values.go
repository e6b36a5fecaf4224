package aws

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// counted passes on answers of at most so many values, as values counts them. A byte or two of an answer can be a value that takes a kilobyte of memory
// when it is decoded, so that few bytes, and with gzip next to none, would fill it.
type counted struct {
	next   *transport
	values func(body []byte) int
	most   int
}

// Do sends one request.
func (c counted) Do(req *http.Request) (*http.Response, error) {
	resp, err := c.next.Do(req)
	if err != nil {
		return nil, err
	}
	body := bodies.Get().(*bytes.Buffer)
	held := &heldBody{buffer: body}
	_, err = body.ReadFrom(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		resp.Body = io.NopCloser(failing{err})
		return resp, held.Close() // whoever reads the body gets it
	}
	if n := c.values(body.Bytes()); n > c.most {
		return nil, errors.Join(fmt.Errorf("%w: it has %d values, of at most %d", errMalformed, n, c.most), held.Close())
	}
	held.Reset(body.Bytes())
	resp.Body = held
	return resp, nil
}

// bodies are buffers for answers, each as large as the largest that it held.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxKeptBody is the largest buffer that is kept.
const maxKeptBody = 8 << 20

// heldBody is an answer's body, whose buffer goes back when it is closed.
type heldBody struct {
	bytes.Reader
	buffer *bytes.Buffer // nil: it is closed
}

// Close is safe to call twice.
func (h *heldBody) Close() error {
	if h.buffer == nil {
		return nil
	}
	h.Reset(nil)
	if h.buffer.Cap() <= maxKeptBody {
		h.buffer.Reset()
		bodies.Put(h.buffer)
	}
	h.buffer = nil
	return nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// jsonValues counts the objects and lists of a document, and the commas between what is in them: half of its values at least.
func jsonValues(body []byte) (n int) {
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '{', '[', ',':
			n++
		case '"':
			i = textEnd(body, i+1)
		}
	}
	return n
}

// textEnd is where the quote is that ends a string, the end of the document where none does.
func textEnd(body []byte, i int) int {
	for ; i < len(body); i++ {
		switch body[i] {
		case '"':
			return i
		case '\\':
			i++
		}
	}
	return i
}

// cborValues counts the data items of a document (RFC 8949, section 3), keys and tags among them, up to one that can't be.
func cborValues(body []byte) (n int) {
	for i := 0; i < len(body); n++ {
		major, minor := body[i]>>5, body[i]&0x1f
		i++
		length := uint64(minor)
		switch minor {
		case 24, 25, 26, 27: // a number of 1, 2, 4 or 8 bytes follows
			size := 1 << (minor - 24)
			if len(body)-i < size {
				return n
			}
			var number [8]byte
			copy(number[8-size:], body[i:i+size])
			length = binary.BigEndian.Uint64(number[:])
			i += size
		case 28, 29, 30:
			return n
		case 31: // of unknown length, or the end of such an item
			length = 0
		}
		if major == 2 || major == 3 { // bytes and text
			if length > uint64(len(body)-i) { //nolint:gosec // i is at most the length
				return n
			}
			i += int(length)
		}
	}
	return n
}
