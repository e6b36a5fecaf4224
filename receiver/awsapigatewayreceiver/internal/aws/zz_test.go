package aws
import ("testing";"bytes";"time";"fmt"; "github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model")
func TestZMin(t *testing.T) {
	body := padded(logPageOf(1700))
	work := bytes.Clone(body)
	var page model.LogPage
	best, bestText, bestRead := time.Hour, time.Hour, time.Hour
	for range 400 {
		copy(work, body); page.Events=page.Events[:0]
		s := time.Now()
		decodeLogPage(work, &page)
		best = min(best, time.Since(s))
		copy(work, body)
		sc := logScanner{buf: work}
		s = time.Now()
		for k := 0; k < 1700; k++ {
			for work[sc.i] != 'm' || work[sc.i+1] != 'e' || work[sc.i+8] != ':' { sc.i += 1 }
			sc.i += 9
			sc.text()
		}
		bestText = min(bestText, time.Since(s))
		s = time.Now()
		readLogAnswer(bytes.NewReader(body), int64(len(body)))
		bestRead = min(bestRead, time.Since(s))
	}
	fmt.Println("decode", float64(len(body))/1e6/best.Seconds(), "MB/s", best, "text-only loop", bestText, "read", bestRead)
	p := sdkProtocol()
	best = time.Hour
	for range 50 { s := time.Now(); sdkDecode(p, body[:len(body)-8]); best = min(best, time.Since(s)) }
	fmt.Println("sdk", float64(len(body))/1e6/best.Seconds(), "MB/s", best)
}
func BenchmarkZDecode(b *testing.B) {
	body := padded(logPageOf(1700))
	work := bytes.Clone(body)
	var page model.LogPage
	b.SetBytes(int64(len(body)))
	for b.Loop() { copy(work, body); page.Events=page.Events[:0]; decodeLogPage(work, &page) }
}
