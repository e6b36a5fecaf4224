package awssim

import (
	"cmp"
	"math"
	"strings"
	"time"
)

const (
	// executionLogs begins the names of the log groups of executions, which go on with the API's id and the stage's name (Developer Guide, set up
	// logging). That a canary's group has one more level is documented for another spelling of the prefix.
	executionLogs   = "API-Gateway-Execution-Logs_"
	executionCanary = "/Canary"
	// maxExecution is how long after its request began the last line of an execution can be.
	maxExecution = 59_999
)

// executionSource are the execution logs of a stage, or of its canary.
type executionSource struct {
	info   *stageInfo
	canary bool
}

// addExecutionLogs adds the groups of a REST or WebSocket API's stage that logs executions at some time.
func (i *stageInfo) addExecutionLogs(add func(string, time.Time, logSource)) {
	if i.kind == TypeHTTP {
		return
	}
	name := executionLogs + i.api.ID + "/" + i.stage.Name
	for _, v := range i.log().versions {
		if !v.logsExecutions() {
			continue
		}
		since := i.stage.since(i.api)
		if v.from > math.MinInt64 {
			since = later(since, time.UnixMilli(v.from).UTC())
		}
		add(name, since, &executionSource{i, false})
		if !since.IsZero() {
			add(name, since, &literalSource{mix(i.key), []LogLine{{At: since, Message: "Cloudwatch logs enabled for API Gateway"}}})
		}
		if i.kind == TypeREST && i.stage.CanaryPercent > 0 {
			add(name+executionCanary, since, &executionSource{i, true})
		}
		return
	}
}

// logsExecutions reports whether any method's logging is on.
func (v *stageVersion) logsExecutions() bool {
	for _, m := range v.stage.Methods {
		if logs(m) {
			return true
		}
	}
	return false
}

func logs(m MethodSettings) bool { return m.LoggingLevel == "INFO" || m.LoggingLevel == "ERROR" }

// settings are those of the request's method or route.
func (c *logContext) settings() MethodSettings {
	key := c.route.key
	if c.info.kind == TypeREST {
		key = cmp.Or(c.route.path, "/") + "/" + c.route.method
	}
	if m, ok := c.version.stage.Methods[key]; ok {
		return m
	}
	return c.version.stage.Methods["*/*"]
}

func (s *executionSource) key() uint64 { return mix(s.info.key + 0xe4ec + uint64(flag(s.canary))) }

func (s *executionSource) entries(p *published, minute int64, to []logEntry) []logEntry {
	for back := range int64(2) {
		began := minute - back
		if !s.info.active(began) {
			continue
		}
		requests := p.minute(s.info, began).requests
		for i := range requests {
			r := &requests[i]
			if r.canary != s.canary || back == 1 && int64(r.offset)+int64(r.latency) < 60_000 {
				continue
			}
			c := s.info.context(began, i, r)
			for k, line := range c.execution(false) {
				if at := int64(r.offset) + line.after; at/60_000 == back {
					to = append(to, logEntry{offset: uint32(at % 60_000), request: int32(i), line: uint16(k), back: uint16(back)})
				}
			}
		}
	}
	return to
}

func (s *executionSource) message(w *lineWriter, b []byte, minute int64, e *logEntry) []byte {
	c := w.request(s.info, minute, e)
	if !w.known {
		w.lines, w.known = c.execution(true), true
	}
	return append(b, w.lines[e.line].text...)
}

func (s *executionSource) stream(w *lineWriter, minute int64, e *logEntry) string {
	return streamName(s.key(), w.request(s.info, minute, e).draw(drawStream))
}

func (s *executionSource) streams() []string { return streamNames(s.key()) }

// executionLine is a line of an execution, some milliseconds after its request began.
type executionLine struct {
	after int64
	text  string
}

// maxExecutionLine is where API Gateway cuts lines, and truncated is what it then ends them with.
const (
	maxExecutionLine = 1024
	truncated        = " [TRUNCATED]"
)

// execution writes the lines of a request.
type execution struct {
	c          *logContext
	prefix     string
	id         string
	after      int64
	info, data bool
	newer      bool // in the wording of the 2020s
	texts      bool // wanted, besides the times
	lines      []executionLine
}

// execution makes the lines of the request, their texts only where they are wanted; none where its method logs nothing.
func (c *logContext) execution(texts bool) []executionLine {
	settings := c.settings()
	failed := c.outcome.status >= 400
	if !logs(settings) || settings.LoggingLevel == "ERROR" && !failed {
		return nil
	}
	id := string(c.requestID(nil))
	x := &execution{
		c: c, id: id, prefix: "(" + id + ") ", info: settings.LoggingLevel == "INFO", data: settings.DataTrace, newer: c.draw(drawWording)&1 == 0,
		texts: texts,
	}
	if c.info.kind == TypeWebSocket {
		x.webSocket()
	} else {
		x.rest()
	}
	return x.lines
}

// say adds a line of any level, note one of level INFO.
func (x *execution) say(parts ...string) {
	if !x.texts {
		x.lines = append(x.lines, executionLine{after: min(x.after, maxExecution)})
		return
	}
	text := x.prefix + strings.Join(parts, "")
	if len(text) > maxExecutionLine {
		text = strings.ToValidUTF8(text[:maxExecutionLine-len(truncated)], "") + truncated
	}
	x.lines = append(x.lines, executionLine{min(x.after, maxExecution), text})
}

func (x *execution) note(parts ...string) {
	if x.info {
		x.say(parts...)
	}
}

// body adds a line with a body, where data tracing is on.
func (x *execution) body(parts ...string) {
	if x.info && x.data {
		x.say(parts...)
	}
}

// text is the value of a variable.
func (x *execution) text(write func([]byte, *logContext) []byte) string {
	return string(write(nil, x.c))
}

// masked is a secret as API Gateway logs it: asterisks but for the last six characters.
func masked(secret string) string {
	n := max(len(secret)-6, 0)
	return strings.Repeat("*", n) + secret[n:]
}

// failure is the line that tells why a request failed.
func (x *execution) failure() {
	c := x.c
	stage := c.info.api.ID + "/" + c.info.stage.Name
	switch c.outcome.execution {
	case "":
	case "throttle":
		x.say("Key throttle limit exceeded for RestApi ", c.info.api.ID, ", Stage ", c.info.stage.Name, ", Resource ", cmp.Or(c.route.resourceID, c.route.key),
			", HttpMethod ", cmp.Or(c.method, "MESSAGE"), ". Limit: 1.00 Burst: 1")
	case "key":
		x.say("API Key ", masked("wrong-key-value-000000"), " not authorized because API Key is not associated with a usage plan for API Stage ", stage, ": No Usage Plan found for key and API Stage")
	case "quota":
		x.say("Quota limit exceeded for API Key ", masked(x.text(contextVariables["identity.apiKey"].write)), " and API Stage ", stage)
	case "unauthorized":
		x.say("Unauthorized request: ", x.id)
	default:
		request := string(appendUUID(nil, c.draw(drawEndpoint), c.draw(drawEndpoint2)))
		x.say(strings.Replace(c.outcome.execution, "%", request, 1))
	}
}

// end adds what follows a failure or an answer.
func (x *execution) end() {
	c := x.c
	x.after = int64(c.request.latency)
	status := string(contextVariables["status"].write(nil, c))
	if c.outcome.responseType != "" && x.newer {
		x.say("Gateway response type: ", c.outcome.responseType, " with status code: ", status)
		x.body(`Gateway response body: {"message":"`, c.outcome.message, `"}`)
		x.note("Gateway response headers: {Access-Control-Allow-Origin=*, x-amzn-ErrorType=", c.outcome.responseType, "}")
	}
	if c.outcome.phase == phaseDone {
		x.note("Successfully completed execution")
	}
	x.say("Method completed with status: ", status)
	if id := x.text(endpointRequest); id != "" {
		x.note("AWS Integration Endpoint RequestId : ", id)
	}
	if c.version.stage.Tracing && c.info.kind == TypeREST {
		root := ""
		if x.newer {
			root = "Root="
		}
		x.note("X-ray Tracing ID : ", root, string(c.traceID(nil)))
	}
}
