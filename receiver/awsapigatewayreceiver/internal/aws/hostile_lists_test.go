package aws

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// jsonReads are the operations of API Gateway.
var jsonReads = map[string]func(*Client) (int, error){
	"GetRestApis": func(c *Client) (int, error) { l, err := c.restAPIs(context.Background()); return len(l), err },
	"GetApis":     func(c *Client) (int, error) { l, err := c.v2APIs(context.Background()); return len(l), err },
	"GetStages":   func(c *Client) (int, error) { l, err := c.restStages(context.Background(), "a"); return len(l), err },
	"GetStagesV2": func(c *Client) (int, error) { l, err := c.v2Stages(context.Background(), "a"); return len(l), err },
}

func TestUndecodableLists(t *testing.T) {
	for operation, do := range jsonReads {
		for name, body := range map[string]string{
			"text":                    "<html>captive portal</html>",
			"cut off":                 `{"item": [{"id": "a"`,
			"a list":                  `[]`,
			"items that are text":     `{"item": "many", "items": "many"}`,
			"items that are a number": `{"item": 7, "items": 7}`,
			"a token of another type": `{"item": [], "items": [], "position": 7, "nextToken": {}}`,
			"nested without end":      `{"item": ` + strings.Repeat("[", 20_000),
		} {
			t.Run(operation+" "+name, func(t *testing.T) {
				a := &answering{body: []byte(body)}
				f := openHandler(t, a, nil)
				_, err := do(f.client())
				require.Error(t, err)
				assert.Equal(t, Malformed, ClassOf(err), "%v", err)
				assert.EqualValues(t, maxAttempts, f.malformed())
			})
		}
	}
}

// What is odd inside of an item does not fail the page: the inventory keeps the value as it is, and counts it.
func TestOddLists(t *testing.T) {
	for operation, do := range jsonReads {
		for name, body := range map[string]string{
			"an empty object":           `{}`,
			"a member of another type":  `{"item": [{"id": 7, "name": [], "stageName": 7}], "items": [{"apiId": 7, "stageName": 7}]}`,
			"a date that is none":       `{"item": [{"id": "a", "createdDate": "soon"}], "items": [{"apiId": "a", "createdDate": "soon"}]}`,
			"null lists":                `{"item": null, "items": null, "position": null, "nextToken": null}`,
			"null items":                `{"item": [null], "items": [null]}`,
			"members that nobody knows": `{"item": [], "items": [], "surprise": {"a": [1, 2]}}`,
			"dates beyond all":          `{"item": [{"id": "a", "stageName": "a", "createdDate": 1e300}], "items": []}`,
			"a negative percentage":     `{"item": [{"id": "a", "stageName": "a", "canarySettings": {"percentTraffic": -1e300}, "methodSettings": null}], "items": []}`,
		} {
			t.Run(operation+" "+name, func(t *testing.T) {
				f := openHandler(t, &answering{body: []byte(body)}, nil)
				n, err := do(f.client())
				require.NoError(t, err)
				assert.LessOrEqual(t, n, 1)
				assert.Zero(t, f.malformed())
			})
		}
	}
}

// A body of no bytes is not a list of no APIs: a complete list without any would make all of them gone.
func TestEmptyBodyIsNoList(t *testing.T) {
	for operation, do := range jsonReads {
		t.Run(operation, func(t *testing.T) {
			f := openHandler(t, &answering{}, nil)
			_, err := do(f.client())
			assert.Equal(t, Malformed, ClassOf(err), "%v", err)
		})
	}
	f := openHandler(t, &answering{}, nil)
	answers, err := f.client().MetricData(context.Background(), twoQueries(), time.Minute, fiveMinutes)
	if err == nil {
		assert.False(t, answers[0].Complete)
	}
	err = f.client().Identify(context.Background())
	assert.Equal(t, Malformed, ClassOf(err), "%v", err)
}

// A long but endless list of APIs does not repeat them; its tokens lead to the same page.
func TestEndlessLists(t *testing.T) {
	for operation, do := range jsonReads {
		if operation == "GetStages" {
			continue // has no pages
		}
		f := openHandler(t, &answering{body: []byte(`{"item": [{"id": "a"}], "items": [{"apiId": "a", "stageName": "a"}], "position": "p", "nextToken": "p"}`)}, nil)
		_, err := do(f.client())
		assert.Equal(t, Malformed, ClassOf(err), "%s: %v", operation, err)
	}
}
