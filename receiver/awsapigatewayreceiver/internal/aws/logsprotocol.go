package aws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
)

// Pages of log events are decoded here and not by the SDK: reading a backlog is mostly that, and the SDK's decoder copies each text twice and
// allocates nine times an event (BenchmarkFilterLogEventsPage). The SDK builds, signs and sends the request, and decodes errors and all other
// operations.

// logAnswerKey is the context key of the logAnswer that takes the page of a FilterLogEvents call.
type logAnswerKey struct{}

type logAnswer struct {
	page *model.LogPage
	// incomplete is how many events were left out for want of an id, a timestamp or a message.
	incomplete int
}

// logsProtocol is the SDK's protocol of CloudWatch Logs, but for the good answers of calls with a logAnswer. Their outputs stay empty.
type logsProtocol struct{ smithyhttp.ClientProtocol }

func decodeLogEvents(o *cloudwatchlogs.Options) { o.Protocol = logsProtocol{o.Protocol} }

// DeserializeResponse decodes an answer.
func (p logsProtocol) DeserializeResponse(
	ctx context.Context, schema *smithy.OperationSchema, types *smithy.TypeRegistry, resp *smithyhttp.Response, out smithy.Deserializable,
) error {
	answer, ok := ctx.Value(logAnswerKey{}).(*logAnswer)
	if !ok || resp.StatusCode < 200 || resp.StatusCode > 299 {
		return p.ClientProtocol.DeserializeResponse(ctx, schema, types, resp, out)
	}
	body, err := readLogAnswer(resp.Body, resp.ContentLength)
	if err != nil {
		return &smithy.DeserializationError{Err: fmt.Errorf("cannot read the answer: %w", err)}
	}
	answer.incomplete, err = decodeLogPage(body, answer.page)
	return err
}

// usualLogAnswer is what is made room for where an answer does not say its length: 1 MB of events, as AWS counts them, and their JSON.
const usualLogAnswer = 5 << 18

// readLogAnswer reads a body into memory of its own, with logPadding zero bytes after it. length is -1 where it is not known.
func readLogAnswer(r io.Reader, length int64) ([]byte, error) {
	if length < 0 {
		length = usualLogAnswer
	}
	body := make([]byte, 0, min(length, maxAnswerBytes)+logPadding)
	for {
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if errors.Is(err, io.EOF) {
			return append(body, make([]byte, logPadding)...), nil
		}
		if err != nil {
			return nil, err
		}
		if len(body) == cap(body) {
			body = slices.Grow(body, cap(body))
		}
	}
}
