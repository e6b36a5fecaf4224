package preflight

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/aws"
	"github.com/otelcol-apigateway/awsapigateway/receiver/awsapigatewayreceiver/internal/printable"
)

const (
	// width is that of a line at most.
	width = 118
	// detailWidth is that of what is said of a price.
	detailWidth = 62
	// maxWhere bounds the places that are named in a line; JSON has all of them.
	maxWhere = 6
)

// printer writes lines and keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, printable.Text(strings.TrimRight(fmt.Sprintf(format, args...), " ")))
	}
}

// wrapped writes a text in lines of at most width columns, each indented.
func (p *printer) wrapped(indent int, text string) {
	for _, line := range wrap(text, width-indent) {
		p.line("%s%s", strings.Repeat(" ", indent), line)
	}
}

// Write writes the report as text. name is the receiver's.
func (r *Report) Write(w io.Writer, name string) error {
	p := &printer{w: w}
	p.line("%s: %s", name, strings.Join(r.Signals, ", "))
	for _, t := range r.Targets {
		p.line("")
		t.write(p)
	}
	p.line("")
	r.writeMonth(p)
	p.line("")
	if r.Works {
		p.line("%s can work.", name)
	} else {
		p.line("%s lacks what a signal needs: see what is not allowed above.", name)
	}
	return p.err
}

func (t *Target) write(p *printer) {
	p.line("Target %s, account %s", t.Label, cmp.Or(t.Account, "unknown"))
	p.line("")
	p.line("  %-31s  %-31s  %-12s  %s", "OPERATION", "IAM ACTION", "FOR", "RESULT")
	untried, why := 0, ""
	for i := range t.Operations {
		o := &t.Operations[i]
		if o.Result == NotTried {
			untried, why = untried+1, o.Detail
			continue
		}
		p.line("  %-31s  %-31s  %-12s  %s", o.Name, o.Action, o.For, o.result())
	}
	if untried > 0 {
		p.line("  %d other operations were not tried: %s", untried, why)
	}
	for i := range t.Operations {
		t.Operations[i].write(p)
	}
	if len(t.Statements) > 0 {
		p.line("")
		p.line("  To add to the identity's policy:")
		for i := range t.Statements {
			if b, err := json.MarshalIndent(&t.Statements[i], "    ", "  "); err == nil {
				p.line("    %s", b)
			}
		}
	}
	p.line("")
	t.Counts.write(p)
	if len(t.Dark) > 0 {
		p.line("")
		p.line("  Dark:")
		for i := range t.Dark {
			t.Dark[i].write(p)
		}
	}
	if len(t.Verified) > 0 {
		p.line("")
		p.line("  Verified:")
		for i := range t.Verified {
			v := &t.Verified[i]
			p.wrapped(4, v.Question)
			p.wrapped(6, cmp.Or(v.Saw, "not checked: "+v.NotChecked))
		}
	}
}

// result is what the table says.
func (o *Operation) result() string {
	text := o.Result
	if word := cmp.Or(words[aws.Class(o.Class)], o.Class); word != "" {
		text += " (" + word + ")"
	}
	if o.Optional && o.Result != Allowed {
		text += ", optional"
	}
	return text
}

// write says what is wrong with an operation.
func (o *Operation) write(p *printer) {
	if o.Result != Denied && o.Result != Failed {
		return
	}
	p.line("")
	p.line("  %s is %s:", o.Name, o.result())
	p.wrapped(4, o.Detail)
	if o.Remedy != "" {
		p.wrapped(4, "-> "+o.Remedy)
	}
}

func (c *Counts) write(p *printer) {
	say := func(what, format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		head := fmt.Sprintf("%-12s", what)
		for i, l := range wrap(text, width-16) {
			if i > 0 {
				head = strings.Repeat(" ", 12)
			}
			p.line("  %s  %s", head, l)
		}
	}
	if c.APIs == nil {
		say("APIs", "unknown")
	} else {
		say("APIs", "%s; %d excluded", tally(c.APIs), c.Excluded)
		say("Stages", "%d", *c.Stages)
	}
	if c.Series != nil {
		say("Series", "%s", tally(c.Series))
	}
	if g := c.Groups; g != nil && g.Count > 0 && g.Read == 0 {
		say("Log groups", "%d; none could be read, so that what they take in a day is unknown", g.Count)
	} else if g != nil {
		say("Log groups", "%d, about %s a day, by a page of the newest 10 minutes of %d of them at this time of day", g.Count, bytesText(g.DailyBytes), g.Read)
	}
	if t := c.Traces; t != nil {
		say("Traces", "%d in one minute, %d of them wanted, %d retrieved, %d once more when they have settled", t.Scanned, t.Wanted, t.Retrieved, t.Again)
	}
}

// wrap breaks a text into lines of at most so many columns, but for a word that is longer.
func wrap(text string, columns int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > columns:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

// tally writes counts as "12 REST, 2 HTTP", the most first, with their sum where there are several.
func tally(counts map[string]int) string {
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	sum := 0
	parts := make([]string, 0, len(keys))
	for _, k := range keys {
		sum += counts[k]
		parts = append(parts, fmt.Sprintf("%d %s", counts[k], k))
	}
	if len(parts) == 0 {
		return "0"
	}
	return fmt.Sprintf("%d: %s", sum, strings.Join(parts, ", "))
}

// bytesText is a number of bytes with a unit.
func bytesText(n int64) string {
	v, units := float64(n), []string{"B", "kB", "MB", "GB", "TB"}
	i := 0
	for ; v >= 1000 && i < len(units)-1; i++ {
		v /= 1000
	}
	return fmt.Sprintf("%.3g %s", v, units[i])
}

func (d *Dark) write(p *printer) {
	text := d.What
	if len(d.Where) > 0 {
		text += ": " + strings.Join(d.Where[:min(len(d.Where), maxWhere)], ", ")
	}
	if more := len(d.Where) - maxWhere; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	p.wrapped(4, text)
	p.wrapped(6, "-> "+d.Remedy)
}

// price writes a line of the price, of which all but the numbers may take several.
func (p *printer) price(item, detail string, low, high float64, known bool) {
	numbers := []string{"unknown", "unknown"}
	if known {
		numbers = []string{fmt.Sprintf("%.2f", low), fmt.Sprintf("%.2f", high)}
	}
	for _, part := range wrap(detail, detailWidth) {
		p.line("  %-18s  %-*s  %12s  %12s", item, detailWidth, part, numbers[0], numbers[1])
		item, numbers = "", []string{"", ""}
	}
}

// writeMonth writes the price and the savings.
func (r *Report) writeMonth(p *printer) {
	p.line("A month of 30 days, USD by us-east-1's list prices, by both readings of how GetMetricData is billed:")
	p.line("")
	p.line("  %-18s  %-*s  %12s  %12s", "", detailWidth, "", "5 STATISTICS", "EACH")
	p.line("  %-18s  %-*s  %12s  %12s", "ITEM", detailWidth, "", "AS ONE", "STATISTIC")
	var unknown []string
	knows := false
	for i := range r.Month.Lines {
		l := &r.Month.Lines[i]
		if l.Unknown {
			unknown = append(unknown, l.Item)
		}
		known := r.knows(l)
		knows = knows || known
		p.price(l.Item, l.Detail, l.Low, l.High, known)
	}
	p.price("Control plane", "reads of API Gateway are free", 0, 0, true)
	detail := ""
	if len(unknown) > 0 && knows {
		detail = atLeast + strings.Join(unknown, ", ")
	}
	p.price("Total", detail, r.Month.Low, r.Month.High, knows)
	if len(r.Savings) == 0 {
		return
	}
	p.line("")
	p.line("  %-82s", "What settings would save, each for itself:")
	for _, s := range r.Savings {
		p.line("  %-82s  %12.2f  %12.2f", s.Setting, s.Low, s.High)
	}
}
