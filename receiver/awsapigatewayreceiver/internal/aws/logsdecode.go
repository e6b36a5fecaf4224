package aws

import (
	"strings"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// decodeLogPage decodes an answer of FilterLogEvents into the page, as the SDK's decoder would: members that it does not know are passed over, null
// is as good as absent, of members that come twice the last counts, what follows the document does not matter. Unlike with the SDK, texts are valid
// UTF-8 always: each byte that is not becomes U+FFFD.
//
// body ends with logPadding zero bytes. It belongs to the page from now on: texts are unescaped in it and stay there. Events without an id, a
// timestamp or a message are left out, incomplete is their number. Errors are errMalformed and say at which byte; the page is of no use then.
func decodeLogPage(body []byte, page *model.LogPage) (incomplete int, err error) {
	page.Bytes = len(body) - logPadding
	s := logScanner{buf: body}
	if page.Bytes == 0 {
		return 0, s.fail("nothing")
	}
	if err := s.open('{'); err != nil {
		return 0, err
	}
	for first := true; ; first = false {
		key, ok, err := s.member(first)
		if err != nil || !ok {
			return incomplete, err
		}
		switch string(key) {
		case "events":
			page.Events = page.Events[:0]
			incomplete, err = s.events(page)
		case "nextToken":
			page.Token, err = s.text()
			page.Token = strings.Clone(page.Token) // it may be kept for longer than the events
		case "searchedLogStreams":
			err = s.searchedLogStreams()
		default:
			err = s.skip(1)
		}
		if err != nil {
			return 0, err
		}
	}
}

func (s *logScanner) events(page *model.LogPage) (incomplete int, err error) {
	if err := s.open('['); err != nil {
		return 0, err
	}
	for first := true; ; first = false {
		more, err := s.item(first)
		if err != nil || !more {
			return incomplete, err
		}
		n := len(page.Events)
		page.Events = append(page.Events, model.LogEvent{})
		complete, err := s.event(&page.Events[n])
		if err != nil {
			return 0, err
		}
		if !complete {
			incomplete++
			page.Events = page.Events[:n]
		}
	}
}

// event reads one event, and tells whether it has all that an event needs.
func (s *logScanner) event(e *model.LogEvent) (complete bool, err error) {
	if s.buf[s.i] == 'n' {
		return false, s.literal("null")
	}
	if err := s.open('{'); err != nil {
		return false, err
	}
	var id, timestamp, message bool
	for first := true; ; first = false {
		key, ok, err := s.member(first)
		if err != nil || !ok {
			return id && timestamp && message, err
		}
		switch string(key) {
		case "message":
			e.Message, err = s.text()
			message = true
		case "timestamp":
			e.Timestamp, err = s.integer()
			timestamp = true
		case "eventId":
			e.ID, err = s.text()
			id = true
		case "ingestionTime":
			e.Ingested, err = s.integer()
		case "logStreamName":
			e.Stream, err = s.text()
		default:
			err = s.skip(3)
		}
		if err != nil {
			return false, err
		}
	}
}

// searchedLogStreams passes over what AWS says no more, but holds it to its shape as the SDK does.
func (s *logScanner) searchedLogStreams() error {
	if err := s.open('['); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := s.item(first)
		if err != nil || !more {
			return err
		}
		if err := s.searchedLogStream(); err != nil {
			return err
		}
	}
}

func (s *logScanner) searchedLogStream() error {
	if s.buf[s.i] == 'n' {
		return s.literal("null")
	}
	if err := s.open('{'); err != nil {
		return err
	}
	for first := true; ; first = false {
		key, ok, err := s.member(first)
		if err != nil || !ok {
			return err
		}
		c := s.buf[s.i]
		switch {
		case string(key) == "logStreamName" && c != '"':
			err = s.fail("no string")
		case string(key) == "searchedCompletely" && c != 't' && c != 'f':
			err = s.fail("neither true nor false")
		default:
			err = s.skip(3)
		}
		if err != nil {
			return err
		}
	}
}
