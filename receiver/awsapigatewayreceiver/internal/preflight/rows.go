package preflight

import (
	"fmt"
	"slices"
)

// rows makes the table of what the calls came to.
func (p *probe) rows() {
	for _, op := range p.operations() {
		need := p.client.Permission(op.name)
		row := Operation{Name: op.name, Action: need.Action, For: op.needs, Optional: op.optional, Result: Allowed}
		switch o := p.outcomes[op.name]; {
		case o == nil && p.dead != nil:
			row.Result, row.Detail = NotTried, p.dead.Error()
		case o == nil:
			row.Result, row.Detail = NotTried, "what it asks about could not be found out"
		case o.refused > 0:
			p.failure(&row, o.err)
			if o.ok > 0 {
				row.Detail = fmt.Sprintf("%d of %d calls: %s", o.refused, o.ok+o.refused, row.Detail)
			}
		}
		p.target.Operations = append(p.target.Operations, row)
		if row.Statement != nil {
			p.target.lacks(row.Statement)
		}
	}
}

// lacks adds a statement to those that the identity's policy lacks; resources of one action, and actions on one resource, go together.
func (t *Target) lacks(s *Statement) {
	for i := range t.Statements {
		have := &t.Statements[i]
		switch {
		case slices.Equal(have.Action, s.Action) && !slices.Contains(have.Resource, s.Resource[0]):
			have.Resource = append(have.Resource, s.Resource[0])
			return
		case slices.Equal(have.Action, s.Action):
			return
		case slices.Equal(have.Resource, s.Resource):
			have.Action = append(have.Action, s.Action[0])
			return
		}
	}
	t.Statements = append(t.Statements, Statement{Effect: s.Effect, Action: slices.Clone(s.Action), Resource: slices.Clone(s.Resource)})
}
