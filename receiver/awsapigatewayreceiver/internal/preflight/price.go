package preflight

import (
	"cmp"
	"slices"
	"strings"
)

// atLeast is said of a price that is not known of all.
const atLeast = "at least; unknown: "

// sum adds the targets' prices up, line by line, and their savings, setting by setting.
func (r *Report) sum() {
	for _, t := range r.Targets {
		for _, l := range t.Month.Lines {
			i := slices.IndexFunc(r.Month.Lines, func(have Line) bool { return have.Item == l.Item })
			if i < 0 {
				r.Month.Lines = append(r.Month.Lines, Line{Item: l.Item, Detail: l.Detail})
				i = len(r.Month.Lines) - 1
			}
			sum := &r.Month.Lines[i]
			sum.Low += l.Low
			sum.High += l.High
			if l.Unknown {
				sum.Unknown, sum.UnknownOf = true, append(sum.UnknownOf, t.Label)
			}
		}
		r.Month.Low += t.Month.Low
		r.Month.High += t.Month.High
		for _, s := range t.savings {
			i := slices.IndexFunc(r.Savings, func(have Saving) bool { return have.Setting == s.Setting })
			if i < 0 {
				r.Savings = append(r.Savings, Saving{Setting: s.Setting})
				i = len(r.Savings) - 1
			}
			r.Savings[i].Low += s.Low
			r.Savings[i].High += s.High
		}
	}
	for i := range r.Month.Lines {
		switch l := &r.Month.Lines[i]; {
		case len(r.Targets) == 1:
		case l.Unknown && r.knows(l):
			l.Detail = atLeast + strings.Join(l.UnknownOf, ", ")
		default:
			l.Detail = "all targets"
		}
	}
	r.Savings = slices.DeleteFunc(r.Savings, func(s Saving) bool { return s.High <= 0 })
	slices.SortStableFunc(r.Savings, func(a, b Saving) int { return cmp.Compare(b.High, a.High) })
}

// knows says whether a line of the sum is known of any target.
func (r *Report) knows(l *Line) bool { return len(l.UnknownOf) < len(r.Targets) }
