package aws

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// The inventory is decoded by its own tables, not by the SDK: an attribute that is absent stays absent (the SDK's structs can't tell a limit of
// zero from none), one of an unknown kind keeps its raw value instead of failing the page, and what is not asked for, secrets above all, never
// gets a place. The SDK signs, sends and decodes errors.

// rawKey is the context key of the buffer that takes an answer's body.
type rawKey struct{}

// takeRaw moves the body of a good answer into the buffer of its call, if it has one, and leaves an empty document to the SDK.
func takeRaw(stack *middleware.Stack) error {
	return stack.Deserialize.Insert(middleware.DeserializeMiddlewareFunc("TakeRawBody", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, meta, err := next.HandleDeserialize(ctx, in)
		buf, wanted := ctx.Value(rawKey{}).(*bytes.Buffer)
		response, ok := out.RawResponse.(*smithyhttp.Response)
		if err != nil || !wanted || !ok || response.StatusCode < 200 || response.StatusCode > 299 {
			return out, meta, err
		}
		buf.Reset()
		_, err = buf.ReadFrom(response.Body)
		closeErr := response.Body.Close()
		response.Body = io.NopCloser(bytes.NewReader([]byte("{}")))
		if err == nil {
			err = closeErr
		}
		return out, meta, err
	}), "OperationDeserializer", middleware.After)
}

// page is one answer of a control-plane read.
type page struct {
	items []json.RawMessage
	token string
}

// decodePage takes an answer apart. list names the member with the items; "" where the whole answer is the one item. v1 writes a list of one item
// at times as the item itself, and its lists under "item" or "items".
func decodePage(body []byte, list, token string) (page, error) {
	if list == "" {
		body = bytes.Clone(bytes.TrimSpace(body))
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return page{}, fmt.Errorf("%w: %w", errMalformed, err)
	}
	if members == nil {
		return page{}, fmt.Errorf("%w: null", errMalformed)
	}
	var p page
	if list == "" {
		p.items = []json.RawMessage{body}
	}
	if raw, ok := members[token]; ok && token != "" {
		var s *string
		if err := json.Unmarshal(raw, &s); err != nil {
			return page{}, fmt.Errorf("%w: %s: %w", errMalformed, token, err)
		}
		if s != nil {
			p.token = *s
		}
	}
	if list == "" {
		return p, nil
	}
	raw, ok := members[list]
	if !ok && list == "item" {
		raw, ok = members["items"]
	}
	switch raw = bytes.TrimSpace(raw); {
	case !ok, bytes.Equal(raw, []byte("null")):
	case raw[0] == '{':
		p.items = []json.RawMessage{raw}
	default:
		if err := json.Unmarshal(raw, &p.items); err != nil {
			return page{}, fmt.Errorf("%w: %s: %w", errMalformed, list, err)
		}
	}
	return p, nil
}
