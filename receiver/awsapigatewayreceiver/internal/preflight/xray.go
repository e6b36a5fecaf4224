package preflight

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/model"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/traces"
)

// Items of the price that are X-Ray's.
const (
	itemScans      = "X-Ray scans"
	itemRetrievals = "X-Ray retrievals"
)

// traces scans the traces of one minute that have settled, finds out where segments go, and retrieves some of the traces, or one that does not exist.
func (p *probe) traces(ctx context.Context) {
	if !p.xray() {
		return
	}
	end := p.client.Now().Add(-p.Traces.Settle).Truncate(time.Minute).Unix()
	w := model.Window{Start: end - 60, End: end}
	var sample traces.Sample
	err := p.try(getTraceSummaries, func() (err error) {
		sample, err = traces.TakeSample(ctx, p.client.TraceSummaries, p.Traces, p.snapshot, w)
		return err
	})
	none := []string{fmt.Sprintf("1-%08x-000000000000000000000000", end)}
	_ = p.try(getDestination, func() (err error) { // was noted, as the next ones
		p.search, err = p.client.TransactionSearch(ctx)
		return err
	})
	_ = p.try(batchGetTraces, func() error {
		if !p.search && !sample.Empty() {
			return sample.Look(ctx, p.client.Traces)
		}
		_, _, err := p.client.Traces(ctx, none)
		return err
	})
	if p.search {
		p.retrieve(ctx, none, w)
	}
	if err != nil {
		p.unknownPrice(itemScans, getTraceSummaries)
		p.unknownPrice(itemRetrievals, getTraceSummaries)
		return
	}
	p.target.Counts.Traces = &Traces{Scanned: sample.Scanned, Wanted: sample.Wanted, Retrieved: sample.Retrieved, Again: sample.Again}
	scans, retrievals, _ := sample.Cost()
	p.target.Month.add(Line{Item: itemScans, Low: scans, High: scans, Detail: fmt.Sprintf("%d traces a minute, scanned twice", sample.Scanned)})
	p.target.Month.add(Line{
		Item: itemRetrievals, Low: retrievals, High: retrievals,
		Detail: fmt.Sprintf("%d of %d traces a minute, %d of them once more", sample.Retrieved, sample.Wanted, sample.Again),
	})
	if usd := scans + retrievals; usd > 0 {
		p.target.savings = append(p.target.savings, Saving{Setting: "traces::xray: {enabled: false}", Low: usd, High: usd})
	}
}

// retrieve tries what Transaction Search takes.
func (p *probe) retrieve(ctx context.Context, ids []string, w model.Window) {
	token := ""
	err := p.try(startRetrieval, func() (err error) {
		token, err = p.client.StartRetrieval(ctx, ids, w)
		return err
	})
	if err != nil {
		token = "preflight" // whether it may be asked for is to be known all the same
	}
	_ = p.try(listRetrieved, func() error {
		_, err := p.client.Retrieved(ctx, token, "")
		return err
	})
}

// remedy says who can mend an error.
func remedy(err error) string {
	if e := (*aws.Error)(nil); errors.As(err, &e) {
		return e.Remedy()
	}
	return ""
}
